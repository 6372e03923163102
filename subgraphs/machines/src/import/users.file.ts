import { z } from 'zod';
import { usernameKeyOf, usernameRule } from '../user/user.rules.js';
import { checkedRecords, requireDistinct } from './record.file.js';

const LONGEST_PASSWORD = 1_024;

const userRecord = z.object(
  {
    id: z.number('expected an integer from 0 to 2^53 - 1').refine((id) => Number.isSafeInteger(id) && id >= 0, 'expected an integer from 0 to 2^53 - 1'),
    username: usernameRule,
    // Passwords of the old service are taken as they are: rules for new ones would keep its users out.
    password: z.string('expected a text').min(1, 'expected a password, got an empty text').max(LONGEST_PASSWORD, `expected at most ${LONGEST_PASSWORD} characters`),
  },
  'expected an object',
);

export type UserRecord = z.output<typeof userRecord>;

/** The users of a users.json: `[{ id, username, password }]`, each id and name once. */
export function usersOf(records: readonly unknown[], shownAs: string): UserRecord[] {
  const users = checkedRecords(records, userRecord, shownAs);
  requireDistinct(users, ({ username }) => usernameKeyOf(username), 'username', shownAs);
  requireDistinct(users, ({ id }) => id, 'id', shownAs);
  return users;
}
