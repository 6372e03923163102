import { z } from 'zod';
import { Role } from './user.entity.js';

/** Characters of a username at most. */
export const MAXIMUM_USERNAME_LENGTH = 64;

/** Controls, line breaks, and marks that turn the direction of the text around them and so fake other names. */
const DECEPTIVE = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069\uFEFF\u200B]/u;

/** A username as it is kept: composed (NFC), as the user wrote it. */
export const usernameRule = z
  .string('expected a text')
  .transform((text) => text.normalize('NFC'))
  .refine((text) => text !== '', 'expected a username, got an empty text')
  .refine((text) => [...text].length <= MAXIMUM_USERNAME_LENGTH, `expected at most ${MAXIMUM_USERNAME_LENGTH} characters`)
  .refine((text) => !DECEPTIVE.test(text), 'expected no control characters, line breaks or marks of direction')
  .refine((text) => text === text.trim(), 'expected no space at either end');

/** What two usernames are compared by: no difference of capitals or of compatible forms (Ａ and a are one). */
export const usernameKeyOf = (username: string): string => username.normalize('NFKC').toLowerCase().normalize('NFKC');

/** A user's roles, each once. */
export const rolesRule = z
  .array(z.enum(Role))
  .min(1, 'expected at least one role')
  .transform((roles) => [...new Set(roles)]);

/** The 5-digit code of an organization. */
export const organizationRule = z.string().regex(/^\d{5}$/, 'expected the 5-digit code of an organization, for example 20004');
