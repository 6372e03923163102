const LONGEST = 2_048;

/**
 * Checks an absolute http or https URL of at most 2,048 characters, without a user or password in it, whitespace or
 * control characters.
 *
 * @returns what was expected (`an http or https URL`), or undefined when it is one
 */
export function urlFault(text: string): string | undefined {
  if (text.length > LONGEST) return `at most ${LONGEST} characters long`;
  // WHATWG parsing would silently drop these.
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  if (/[\s\u0000-\u001f\u007f]/.test(text) || !text.isWellFormed()) return 'a URL without whitespace and control characters';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:\/\//i.test(text)) return 'an http or https URL, for example https://provider.example/allocate';
  return url.username !== '' || url.password !== '' ? 'a URL without user and password' : undefined;
}
