import { badInput, findUnstorableText } from '@hutong/common';
import { weakPassword } from '../errors.js';

/** Characters a new password has at least (NIST SP 800-63B). */
export const MINIMUM_PASSWORD_LENGTH = 8;
/** Longer passwords are refused, so that hashing them costs no more than others. */
export const MAXIMUM_PASSWORD_LENGTH = 256;

/** Checks a new password of a user: WEAK_PASSWORD or BAD_INPUT names the field. */
export function checkNewPassword(password: string, username: string, field: string): void {
  if (findUnstorableText(password, field) !== undefined) throw badInput({ field, problem: 'holds U+0000 or half of a surrogate pair' });
  const length = [...password].length;
  if (length > MAXIMUM_PASSWORD_LENGTH) throw badInput({ field, problem: `expected at most ${MAXIMUM_PASSWORD_LENGTH} characters, got ${length}` });
  if (length < MINIMUM_PASSWORD_LENGTH) throw weakPassword({ field, problem: `expected at least ${MINIMUM_PASSWORD_LENGTH} characters, got ${length}` });
  if (password.trim() === '') throw weakPassword({ field, problem: 'expected more than spaces' });
  if (password.toLowerCase() === username.toLowerCase()) throw weakPassword({ field, problem: 'expected something other than the username' });
}
