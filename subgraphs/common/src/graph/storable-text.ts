import { limitExceeded } from '../errors/common.errors.js';

/** Levels of lists and objects that a value may have: far more than anything here, and far fewer than would exhaust the stack. */
const DEEPEST = 100;

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
 * @throws LIMIT_EXCEEDED for a value that nests deeper than 100 levels
 */
export function findUnstorableText(value: unknown, path: string): string | undefined {
  const place = unstorableWithin(value, 0);
  if (place === undefined) return undefined;
  return path === '' && place.startsWith('.') ? place.slice(1) : path + place;
}

/** Where it is, from the value on. Made only for what is found, as the lists that are looked through may be long. */
function unstorableWithin(value: unknown, depth: number): string | undefined {
  if (typeof value === 'string') return value.includes('\0') || !value.isWellFormed() ? '' : undefined;
  if (value === null || typeof value !== 'object') return undefined;
  if (depth > DEEPEST) throw limitExceeded({ limit: 'nesting of values', allowed: `${DEEPEST} levels` });
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = unstorableWithin(value[index], depth + 1);
      if (found !== undefined) return `[${index}]${found}`;
    }
    return undefined;
  }
  if (!isPlain(value)) return undefined;
  for (const [key, item] of Object.entries(value)) {
    if (unstorableWithin(key, depth) !== undefined) return ' (a key)';
    const found = unstorableWithin(item, depth + 1);
    if (found !== undefined) return `.${key}${found}`;
  }
  return undefined;
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
