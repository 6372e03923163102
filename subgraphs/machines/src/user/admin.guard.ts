import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { lastAdmin } from '../errors.js';
import { Role, type User } from './user.entity.js';

/** Makes changes to who is an admin take turns, until the transaction ends. */
export async function lockAdmins(em: EntityManager): Promise<void> {
  await sql(em, `select pg_advisory_xact_lock(hashtextextended('hutong machines admins', 0))`);
}

/** Whether anybody can administrate the platform, besides one user where named. Call after {@link lockAdmins}. */
export async function hasEnabledAdmin(em: EntityManager, besides: string | null = null): Promise<boolean> {
  const rows = await sql(
    em,
    `select 1 from machines.user_account
     where 'ADMIN' = any(roles) and not disabled and deleted_at is null and id is distinct from $1::uuid limit 1`,
    [besides],
  );
  return rows.length > 0;
}

/** Throws LAST_ADMIN when the user, about to stop being an enabled admin, is the only one. Call after {@link lockAdmins}. */
export async function requireAnotherAdmin(em: EntityManager, user: User): Promise<void> {
  const isEnabledAdmin = user.roles.includes(Role.ADMIN) && !user.disabled;
  if (isEnabledAdmin && !(await hasEnabledAdmin(em, user.id))) throw lastAdmin({ username: user.username });
}
