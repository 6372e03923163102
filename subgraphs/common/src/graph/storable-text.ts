/** Characters as PostgreSQL and readers count them: an emoji of one code point is one. */
const characters = (text: string): number => [...text].length;

/** Whether a text has more than so many characters; short texts are not walked through. */
export const isLongerThan = (text: string, most: number): boolean => text.length > most && characters(text) > most;

/** What is wrong with a text that is to be stored, or undefined: too long, or not storable. */
export function textFault(text: string, most: number): string | undefined {
  if (isLongerThan(text, most)) return `expected at most ${most} characters, got ${characters(text)}`;
  if (text.includes('\0') || !text.isWellFormed()) return 'expected text without U+0000 and lone surrogates';
  return undefined;
}

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
