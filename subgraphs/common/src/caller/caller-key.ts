import type { Caller } from './caller.js';

const keys = new WeakMap<Caller, string>();

/** A text that is the same for callers who are the same. */
export function callerKey(caller: Caller): string {
  let key = keys.get(caller);
  if (key === undefined) keys.set(caller, (key = JSON.stringify(caller)));
  return key;
}
