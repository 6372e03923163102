import DataLoader from 'dataloader';
import type { RequestScope } from './context.js';

/**
 * A loader whose keys are collected over one tick and loaded at once, remembered for the request.
 *
 * @param load gets distinct keys and answers in their order, null where there is nothing to see
 * @example
 * export const loadMachine = batched((ids: readonly number[], scope) => findVisibleMachines(scope, ids));
 * const machine = await loadMachine(context, 100);
 */
export function batched<Key, Value>(
  load: (keys: readonly Key[], scope: RequestScope) => Promise<readonly (Value | null)[]>,
): (scope: RequestScope, key: Key) => Promise<Value | null> {
  const loaders = new WeakMap<RequestScope, DataLoader<Key, Value | null>>();
  return (scope, key) => {
    let loader = loaders.get(scope);
    if (!loader) loaders.set(scope, (loader = new DataLoader((keys) => load(keys, scope))));
    return loader.load(key);
  };
}

/** Puts rows in the order of the keys they were asked by. */
export function inOrderOf<Key, Row>(keys: readonly Key[], rows: readonly Row[], keyOf: (row: Row) => Key): (Row | null)[] {
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  return keys.map((key) => byKey.get(key) ?? null);
}
