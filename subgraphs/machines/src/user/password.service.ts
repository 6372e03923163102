import { badInput, forbidden, isAdmin, notFound, sql, unauthenticated, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { ChangeFeed } from '../change/change.feed.js';
import { isUuid } from '../input/ids.js';
import type { LoginService } from '../login/login.service.js';
import type { PasswordHasher } from '../password/password.hash.js';
import { checkNewPassword } from '../password/password.rules.js';
import { User } from './user.entity.js';
import type { ChangePasswordInput } from './user.types.js';

interface Parts {
  hasher: PasswordHasher;
  logins: LoginService;
  changes: ChangeFeed;
}

/** Sets passwords, and ends the sessions that were opened with the old ones. */
export class PasswordService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * The caller's own password (with the present one, which is throttled like a login), or somebody else's by an admin.
   * One's own change keeps the session it is made in; an admin's ends them all.
   */
  async change(scope: RequestScope, input: ChangePasswordInput): Promise<void> {
    const { userId, username } = scope.caller;
    if (userId === null || username === null) throw unauthenticated({});
    const targetId = input.userId ?? userId;
    const isOwn = targetId === userId;
    if (!isOwn && !isAdmin(scope.caller)) throw forbidden({ reason: 'Only an admin may set another user’s password.' });
    const user = isUuid(targetId) ? await scope.em.fork().findOne(User, { id: targetId, deletedAt: null }) : null;
    if (!user) throw notFound({ what: 'user', field: 'input.userId' });
    if (isOwn) {
      if (input.current == null) throw badInput({ field: 'input.current', problem: 'expected the present password' });
      await this.#parts.logins.authenticate(scope, { username: user.username, password: input.current });
    }
    checkNewPassword(input.new, user.username, 'input.new');
    await this.set(scope, user.id, input.new, isOwn ? scope.caller.credentialId : null);
  }

  /** Sets a password that was checked, and ends the user's sessions but the one named. */
  async set(scope: Pick<RequestScope, 'em'>, userId: string, password: string, keptSession: string | null): Promise<void> {
    const passwordHash = await this.#parts.hasher.hash(password);
    await scope.em.fork().transactional((em) => this.store(em, userId, passwordHash, keptSession));
  }

  /** The part of {@link set} for a transaction of the caller's. */
  async store(em: EntityManager, userId: string, passwordHash: string, keptSession: string | null): Promise<void> {
    await sql(em, 'update machines.user_account set password_hash = $2 where id = $1 and deleted_at is null', [userId, passwordHash]);
    const ended = await sql<{ id: string }>(em, 'delete from machines.session where user_id = $1 and id is distinct from $2::uuid returning id', [userId, keptSession]);
    await this.#parts.changes.credentialsEnded(em, ...(keptSession === null ? [userId] : ended.map(({ id }) => id)));
  }
}
