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

/** An object of one's own with the same keys and values; `__proto__` stays a key like any other. */
export const copyOf = (data: Data): Data => ({ ...data });

/** The same object without its type. */
export function withoutType(data: Data): Data {
  const copy = copyOf(data);
  delete copy['__typename'];
  return copy;
}

/** The same value, nothing of which anybody else has. */
export function deepCopyOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(deepCopyOf);
  if (!isData(value)) return value;
  const copy: Data = {};
  for (const key of Object.keys(value)) setOwn(copy, key, deepCopyOf(value[key]));
  return copy;
}

/** Adds what another object has of the same thing to one of one's own. */
export function addTo(own: Data, more: Data): void {
  for (const key of Object.keys(more)) setOwn(own, key, combined(ownOf(own, key), more[key]));
}

/** Objects are added to each other, and lists of the same length element by element; anything else takes the place of what was there. */
function combined(present: unknown, added: unknown): unknown {
  if (isData(present) && isData(added)) {
    const both = copyOf(present);
    addTo(both, added);
    return both;
  }
  if (Array.isArray(present) && Array.isArray(added) && present.length === added.length) return present.map((item, index) => combined(item, added[index]));
  return added;
}
