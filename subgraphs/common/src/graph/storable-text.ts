/**
 * Finds text that PostgreSQL cannot hold: U+0000 and lone surrogates.
 *
 * @returns the path of the first such text (`input.reports[3].gpuModel`), or undefined
 */
export function findUnstorableText(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? path : undefined;
  if (Array.isArray(value)) return firstOf(value, (item, index) => findUnstorableText(item, `${path}[${index}]`));
  if (value !== null && typeof value === 'object' && isPlain(value)) {
    return firstOf(Object.entries(value), ([key, item]) =>
      findUnstorableText(key, `${path} (a key)`) ?? findUnstorableText(item, path === '' ? key : `${path}.${key}`));
  }
  return undefined;
}

function firstOf<Item>(items: readonly Item[], find: (item: Item, index: number) => string | undefined): string | undefined {
  for (const [index, item] of items.entries()) {
    const found = find(item, index);
    if (found !== undefined) return found;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
