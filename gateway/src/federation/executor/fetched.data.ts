/** An object of a subgraph's answer, or of what was put together of them. Its keys come from outside. */
export type Data = Record<string, unknown>;

/** What every object inherits under these names is no data. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

export const isData = (value: unknown): value is Data => typeof value === 'object' && value !== null && !Array.isArray(value);

/** Reads a key as data alone: undefined where the object has none of its own. */
export function readerOf(key: string): (data: Data) => unknown {
  return INHERITED.has(key) ? (data) => (Object.hasOwn(data, key) ? data[key] : undefined) : (data) => data[key];
}

/** Sets a key as data alone: `__proto__` is a key like any other. */
export function setOwn(data: Data, key: string, value: unknown): void {
  if (key === '__proto__') Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
  else data[key] = value;
}

/** The value of a key, as data alone. */
export const ownOf = (data: Data, key: string): unknown => (Object.hasOwn(data, key) ? data[key] : undefined);

/**
 * Adds to an object what another one has of the same thing. Objects are added to each other, and lists of the same length element
 * by element; anything else takes the place of what was there.
 */
export function merge(target: Data, source: Data): void {
  if (target === source) return;
  for (const key of Object.keys(source)) {
    const added = source[key];
    if (added === undefined) continue;
    const present = ownOf(target, key);
    if (isData(present) && isData(added)) merge(present, added);
    else if (Array.isArray(present) && Array.isArray(added) && present.length === added.length) mergeLists(present, added);
    else setOwn(target, key, added);
  }
}

function mergeLists(target: unknown[], source: unknown[]): void {
  if (target === source) return;
  for (const [index, added] of source.entries()) {
    const present = target[index];
    if (isData(present) && isData(added)) merge(present, added);
    else if (Array.isArray(present) && Array.isArray(added) && present.length === added.length) mergeLists(present, added);
    else target[index] = added;
  }
}
