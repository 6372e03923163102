import { randomUUID } from 'node:crypto';
import { sql, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { ChangeFeed } from '../change/change.feed.js';
import type { Clock } from '../context.js';
import type { MachineRecord } from '../machine/machine.rules.js';
import type { MachineService } from '../machine/machine.service.js';
import type { PasswordHasher } from '../password/password.hash.js';
import type { PasswordService } from '../user/password.service.js';
import { usernameKeyOf } from '../user/user.rules.js';
import { ImportFileError } from './record.file.js';
import type { UserRecord } from './users.file.js';

const MACHINES_A_STATEMENT = 1_000;
const HASHES_AT_ONCE = 2;

/** What an import did. */
export interface ImportedUsers {
  created: number;
  passwordsChanged: number;
  unchanged: number;
}

interface KnownUser {
  id: string;
  username: string;
  username_key: string;
  password_hash: string;
  legacy_id: string | null;
}

interface Parts {
  hasher: PasswordHasher;
  passwords: PasswordService;
  machines: MachineService;
  changes: ChangeFeed;
  now: Clock;
}

/** Takes over the files of the old service: each file whole or not at all, and again without duplicates. */
export class ImportService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Adds users as members. One who is known by name keeps role and state, and a password that the file repeats; another
   * password replaces it and ends the sessions made with it.
   * @param onProgress called after each user
   */
  async users({ em }: Pick<RequestScope, 'em'>, users: readonly UserRecord[], shownAs: string, onProgress: () => void): Promise<ImportedUsers> {
    const known = await findKnown(em, users);
    const byKey = new Map(known.map((user) => [user.username_key, user]));
    requireSameIds(users, known, shownAs);
    const hashes = await this.#newHashes(users, byKey, onProgress);
    const created = users.filter(({ username }) => !byKey.has(usernameKeyOf(username)));
    const changed = users.filter((user) => hashes.has(user) && byKey.has(usernameKeyOf(user.username)));
    await em.fork().transactional(async (transaction) => {
      await insertUsers(transaction, created, hashes, this.#parts.now(), shownAs);
      await noteLegacyIds(transaction, users);
      for (const user of changed) {
        await this.#parts.passwords.store(transaction, byKey.get(usernameKeyOf(user.username))!.id, hashes.get(user)!, null);
      }
    });
    return { created: created.length, passwordsChanged: changed.length, unchanged: users.length - created.length - changed.length };
  }

  /**
   * Adds or replaces machines. New ones are granted to everyone where asked, as the old service showed all to all.
   * @param onProgress called with how many machines were stored, after each statement
   * @returns how many are new or differ from what was stored
   */
  async machines({ em }: Pick<RequestScope, 'em'>, machines: readonly MachineRecord[], everyone: boolean, onProgress: (count: number) => void): Promise<number> {
    const sorted = machines.toSorted((a, b) => a.id - b.id);
    return this.#parts.changes.inventoryChange(em, async (transaction) => {
      let changed = 0;
      for (let start = 0; start < sorted.length; start += MACHINES_A_STATEMENT) {
        const batch = sorted.slice(start, start + MACHINES_A_STATEMENT);
        changed += await this.#parts.machines.store(transaction, batch, everyone);
        onProgress(batch.length);
      }
      return changed;
    });
  }

  /** Hashes for users who are new or whose stored password is another. */
  async #newHashes(users: readonly UserRecord[], known: ReadonlyMap<string, KnownUser>, onProgress: () => void): Promise<Map<UserRecord, string>> {
    const hashes = new Map<UserRecord, string>();
    const waiting = users.values();
    const work = async () => {
      for (const user of waiting) {
        const stored = known.get(usernameKeyOf(user.username))?.password_hash;
        const isSame = stored !== undefined && (await this.#parts.hasher.verify(user.password, stored));
        if (!isSame) hashes.set(user, await this.#parts.hasher.hash(user.password));
        onProgress();
      }
    };
    await Promise.all(Array.from({ length: HASHES_AT_ONCE }, work));
    return hashes;
  }
}

async function findKnown(em: EntityManager, users: readonly UserRecord[]): Promise<KnownUser[]> {
  return sql<KnownUser>(
    em,
    `select id, username, username_key, password_hash, legacy_id::text from machines.user_account
     where deleted_at is null and (username_key = any($1) or legacy_id = any($2::bigint[]))`,
    [users.map(({ username }) => usernameKeyOf(username)), users.map(({ id }) => id)],
  );
}

function requireSameIds(users: readonly UserRecord[], known: readonly KnownUser[], shownAs: string): void {
  const byLegacyId = new Map(known.map((user) => [user.legacy_id, user]));
  for (const [index, { id, username }] of users.entries()) {
    const owner = byLegacyId.get(String(id));
    if (owner && owner.username_key !== usernameKeyOf(username)) {
      throw new ImportFileError(`${shownAs}: [${index}].id: ${id} is the id of ${JSON.stringify(owner.username)}, imported earlier`);
    }
  }
}

async function insertUsers(em: EntityManager, users: readonly UserRecord[], hashes: ReadonlyMap<UserRecord, string>, at: Date, shownAs: string): Promise<void> {
  const inserted = await sql<{ username_key: string }>(
    em,
    `insert into machines.user_account (id, username, username_key, password_hash, roles, created_at)
     select id, username, username_key, password_hash, '{MEMBER}', $5
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[]) as sent (id, username, username_key, password_hash)
     order by username_key on conflict (username_key) do nothing returning username_key`,
    [users.map(() => randomUUID()), users.map(({ username }) => username), users.map(({ username }) => usernameKeyOf(username)), users.map((user) => hashes.get(user)), at],
  );
  if (inserted.length === users.length) return;
  const keys = new Set(inserted.map((row) => row.username_key));
  const taken = users.find(({ username }) => !keys.has(usernameKeyOf(username)))!;
  throw new ImportFileError(`${shownAs}: the user ${JSON.stringify(taken.username)} was created by somebody else just now: import again`);
}

/** The old service's number of each user, kept so that its records can be told apart later; a deleted user's is free again. */
async function noteLegacyIds(em: EntityManager, users: readonly UserRecord[]): Promise<void> {
  const ids = users.map(({ id }) => id);
  await sql(em, 'update machines.user_account set legacy_id = null where deleted_at is not null and legacy_id = any($1::bigint[])', [ids]);
  await sql(
    em,
    `update machines.user_account account set legacy_id = sent.id
     from unnest($1::bigint[], $2::text[]) as sent (id, username_key)
     where account.username_key = sent.username_key and account.legacy_id is distinct from sent.id`,
    [ids, users.map(({ username }) => usernameKeyOf(username))],
  );
}
