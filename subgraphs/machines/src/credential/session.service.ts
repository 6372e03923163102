import { forbidden, sql, unauthenticated, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { ChangeFeed } from '../change/change.feed.js';
import type { Clock } from '../context.js';
import { wrongCredentials } from '../errors.js';
import { User } from '../user/user.entity.js';
import { hashOf, newCredential, randomSecret } from './credential.text.js';
import { Session } from './session.types.js';

/** How long a session lasts from its login or renewal. */
const SESSION_MS = 2 * 3_600_000;

/** A user whose password was found right, and the hash it was checked against. */
export interface AuthenticatedUser {
  user: User;
  passwordHash: string;
}

interface Parts {
  changes: ChangeFeed;
  now: Clock;
}

/** Sessions: begun by a login, renewed, ended. A user may have any number. */
export class SessionService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Begins a session. WRONG_CREDENTIALS when the user was disabled or got another password since it was checked: the
   * row is locked, so that a change of password ends this session or keeps it from beginning.
   */
  async begin({ em }: Pick<RequestScope, 'em'>, { user, passwordHash }: AuthenticatedUser): Promise<Session> {
    const session = this.#newSession(user);
    const begun = await sql(
      em,
      `with account as (
         select id from machines.user_account
         where id = $1 and password_hash = $2 and not disabled and deleted_at is null for share
       )
       insert into machines.session (user_id, ticket_hash, csrf_hash, created_at, expires_at)
       select id, $3, $4, $5, $6 from account returning id`,
      [user.id, passwordHash, hashOf(session.ticket), hashOf(session.csrfPreventionToken), this.#parts.now(), session.expiresAt],
    );
    if (begun.length === 0) throw wrongCredentials({});
    return session;
  }

  /** Replaces the session that the request came with by a new one of full length; the old ticket ends. */
  async renew(scope: RequestScope): Promise<Session> {
    const { userId, credentialId } = requireSession(scope, 'Only a ticket can be renewed; an API token lasts as long as it was made for.');
    return scope.em.fork().transactional(async (em) => {
      const user = await em.findOne(User, { id: userId, deletedAt: null, disabled: false });
      const session = user && this.#newSession(user);
      if (!session || !(await this.#replace(em, credentialId, session))) throw unauthenticated({ reason: 'The session has ended: log in again.' });
      await this.#parts.changes.credentialsEnded(em, credentialId);
      return session;
    });
  }

  /** Ends the session that the request came with. */
  async end(scope: RequestScope): Promise<void> {
    const { credentialId } = requireSession(scope, 'Only a ticket can log out; end an API token with revokeApiToken.');
    await scope.em.fork().transactional(async (em) => {
      await sql(em, 'delete from machines.session where id = $1', [credentialId]);
      await this.#parts.changes.credentialsEnded(em, credentialId);
    });
  }

  #newSession(user: User): Session {
    const expiresAt = new Date(this.#parts.now().getTime() + SESSION_MS);
    return Object.assign(new Session(), { ticket: newCredential('ticket'), csrfPreventionToken: randomSecret(), expiresAt, user });
  }

  /** One statement, so that of two renewals of one ticket one finds it. */
  async #replace(em: EntityManager, credentialId: string, session: Session): Promise<boolean> {
    const rows = await sql(
      em,
      `with ended as (delete from machines.session where id = $1 and expires_at > $2 returning user_id)
       insert into machines.session (user_id, ticket_hash, csrf_hash, created_at, expires_at)
       select user_id, $3, $4, $2, $5 from ended returning id`,
      [credentialId, this.#parts.now(), hashOf(session.ticket), hashOf(session.csrfPreventionToken), session.expiresAt],
    );
    return rows.length > 0;
  }
}

function requireSession({ caller }: RequestScope, reason: string): { userId: string; credentialId: string } {
  const { userId, credentialId, scopes } = caller;
  if (scopes !== null || userId === null || credentialId === null) throw forbidden({ reason });
  return { userId, credentialId };
}
