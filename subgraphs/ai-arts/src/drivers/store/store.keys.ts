const MOST_BYTES = 900;

/** Gives back a key of a file. @throws TypeError when it is none, see {@link Store} */
export function checkedKey(key: string): string {
  const problem = problemOf(key);
  if (problem) throw new TypeError(`not a key of the store (${problem}): ${JSON.stringify(key.slice(0, MOST_BYTES))}`);
  return key;
}

/** Gives back a prefix of keys: nothing, or parts that end in `/`. @throws TypeError when it is none */
export function checkedPrefix(prefix: string): string {
  if (prefix === '') return prefix;
  if (!prefix.endsWith('/')) throw new TypeError(`not a prefix of the store (it does not end in /): ${JSON.stringify(prefix.slice(0, MOST_BYTES))}`);
  checkedKey(prefix.slice(0, -1));
  return prefix;
}

function problemOf(key: string): string | undefined {
  if (key === '' || Buffer.byteLength(key) > MOST_BYTES) return `it has not 1 to ${MOST_BYTES} bytes`;
  if (!key.isWellFormed()) return 'it has half a character';
  if (/\p{Cc}/u.test(key)) return 'it has control characters';
  if (key.split('/').some((part) => part === '' || part === '.' || part === '..')) return 'a part of it is empty, . or ..';
  return undefined;
}
