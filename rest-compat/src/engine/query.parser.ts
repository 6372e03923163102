import { isUtf8 } from 'node:buffer';
import { Failure } from './failure.js';

/**
 * Reads the named parameters of a query string; all others are ignored, however broken. UTF-8 sent without percent
 * signs, as the documents write it (`?region=北京`), is read too. An empty value counts as absent.
 *
 * @param search what follows the `?`, each byte a character, as Node hands it over
 * @throws Failure BAD_INPUT that names the parameter: given twice, not valid UTF-8, or with U+0000 in it
 */
export function parseQuery(search: string, names: readonly string[]): Record<string, string> {
  const values = new Map<string, string>();
  for (const pair of search.split('&')) {
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    if (name === undefined || !names.includes(name)) continue;
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    if (value === undefined) throw bad(name, 'not valid UTF-8');
    if (value.includes('\0')) throw bad(name, 'U+0000 cannot be stored');
    if (values.has(name)) throw bad(name, 'given more than once');
    values.set(name, value);
  }
  return Object.fromEntries([...values].filter(([, value]) => value !== ''));
}

/** The bytes that a name or value stands for: `+` is a space, `%` with two digits a byte, everything else itself. */
export function encodedBytes(part: string): Buffer {
  return Buffer.from(part.replaceAll('+', ' ').replaceAll(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16))), 'latin1');
}

function decode(part: string): string | undefined {
  const bytes = encodedBytes(part);
  return isUtf8(bytes) ? bytes.toString('utf8') : undefined;
}

function bad(name: string, message: string): Failure {
  return new Failure('BAD_INPUT', [{ path: [name], message }]);
}
