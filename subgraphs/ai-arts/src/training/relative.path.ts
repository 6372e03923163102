const LONGEST = 700;
const LONGEST_NAME = 255;
const CONTROL = /\p{Cc}/u;

/** What is wrong with a path that is to stay in its folder; undefined: nothing. */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'expected a path, got none';
  if (Buffer.byteLength(path) > LONGEST) return `expected a path of at most ${LONGEST} bytes, got ${Buffer.byteLength(path)}`;
  if (path.startsWith('/') || /^[a-z]:/i.test(path)) return 'expected a relative path';
  if (path.includes('\\') || CONTROL.test(path) || !path.isWellFormed()) return 'expected a path without backslashes and control characters';
  const names = path.split('/');
  if (names.some((name) => name === '' || name === '.' || name === '..')) return 'expected a path that stays in its folder, without empty parts, . and ..';
  // What begins so would be taken for an option by what it is started with.
  if (path.startsWith('-')) return 'expected a path that does not begin with a hyphen';
  return names.some((name) => Buffer.byteLength(name) > LONGEST_NAME) ? `expected parts of at most ${LONGEST_NAME} bytes` : undefined;
}
