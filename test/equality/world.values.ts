/** What stands in an input, in any depth, for what an equal world has another one of. */
export interface Changes {
  text(value: string): unknown;
  /** A number, and the name of the member that it is. */
  number?(value: number, key: string): unknown;
}

/** A copy of a value of any shape with other texts and numbers in it. */
export function changed(value: unknown, changes: Changes, key = ''): unknown {
  if (typeof value === 'string') return changes.text(value);
  if (typeof value === 'number') return changes.number?.(value, key) ?? value;
  if (Array.isArray(value)) return value.map((item) => changed(item, changes, key));
  if (typeof value !== 'object' || value === null || value instanceof File) return value;
  // Members are defined, not set: one may be named __proto__.
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, changed(item, changes, name)]));
}
