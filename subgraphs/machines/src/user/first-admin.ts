import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { checkNewPassword } from '../password/password.rules.js';
import { hasEnabledAdmin, lockAdmins } from './admin.guard.js';
import { usernameKeyOf } from './user.rules.js';
import type { UserServiceParts } from './user.service.js';

/** What became of the first admin; the password is told only by the call that made the user. */
export interface FirstAdmin {
  created: boolean;
  username?: string;
  password?: string;
}

/** The second name is for a platform into which somebody else's user of the first was imported before it had an admin. */
const NAMES = ['admin', 'hutong-admin'];
const RANDOM_BYTES = 15;

/** Makes an enabled admin when there is none, under a lock, so that of two processes one makes it. */
export async function ensureFirstAdmin({ house, hasher, now }: Pick<UserServiceParts, 'house' | 'hasher' | 'now'>, password = randomBytes(RANDOM_BYTES).toString('base64url')): Promise<FirstAdmin> {
  const em = house.database.em.fork();
  if (await hasEnabledAdmin(em)) return { created: false };
  checkNewPassword(password, NAMES[0]!, 'HUTONG_ADMIN_PASSWORD');
  const passwordHash = await hasher.hash(password);
  return em.transactional(async (transaction) => {
    await lockAdmins(transaction);
    if (await hasEnabledAdmin(transaction)) return { created: false };
    for (const username of NAMES) {
      if (await insertAdmin(transaction, username, passwordHash, now())) return { created: true, username, password };
    }
    throw new Error(`no enabled admin is left and the names ${NAMES.join(' and ')} are taken: enable one with npm run user -- enable <username>`);
  });
}

async function insertAdmin(em: EntityManager, username: string, passwordHash: string, at: Date): Promise<boolean> {
  const rows = await sql(
    em,
    `insert into machines.user_account (id, username, username_key, password_hash, roles, created_at)
     values ($1, $2, $3, $4, '{ADMIN}', $5) on conflict (username_key) do nothing returning id`,
    [randomUUID(), username, usernameKeyOf(username), passwordHash, at],
  );
  return rows.length > 0;
}
