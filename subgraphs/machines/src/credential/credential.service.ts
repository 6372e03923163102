import { sql, type RequestScope } from '@hutong/common';
import type { Clock } from '../context.js';
import { isUuid } from '../input/ids.js';
import { usernameKeyOf } from '../user/user.rules.js';
import { hashOf, kindOfCredential } from './credential.text.js';
import type { Credential } from './credential.types.js';

const USE_IS_NOTED_EVERY_MS = 60_000;

const USER = 'account.id as "userId", account.username, account.roles, account.organization';
const ENABLED = 'not account.disabled and account.deleted_at is null';

/** Finds out what a credential, or a user without one, stands for. */
export class CredentialService {
  readonly #now: Clock;

  constructor(now: Clock) {
    this.#now = now;
  }

  /** Null for anything unknown, expired, revoked, or of a disabled user. Garbage costs no query. */
  async resolve({ em }: Pick<RequestScope, 'em'>, text: string): Promise<Credential | null> {
    const kind = kindOfCredential(text);
    if (kind === null) return null;
    const hash = hashOf(text);
    return kind === 'ticket' ? this.#session(em, 'ticket_hash', hash) : this.#token(em, 'token_hash', hash);
  }

  /** The same for whoever knows only the credential's id, which proves nothing by itself. */
  async resolveById({ em }: Pick<RequestScope, 'em'>, id: string): Promise<Credential | null> {
    if (!isUuid(id)) return null;
    return (await this.#session(em, 'id', id)) ?? (await this.#token(em, 'id', id));
  }

  /** Null for a user who does not exist or is disabled. Names are compared as at a login. */
  async resolveUser({ em }: Pick<RequestScope, 'em'>, username: string): Promise<Credential | null> {
    const [user] = await sql<Credential>(
      em,
      `select null as "credentialId", ${USER}, null as scopes, null as "expiresAt", null as "csrfHash"
       from machines.user_account account where account.username_key = $1 and ${ENABLED}`,
      [usernameKeyOf(username)],
    );
    return user ?? null;
  }

  async #session(em: RequestScope['em'], column: 'id' | 'ticket_hash', value: Buffer | string): Promise<Credential | null> {
    const [ticket] = await sql<Credential>(
      em,
      `select session.id as "credentialId", ${USER}, null as scopes, session.expires_at as "expiresAt", encode(session.csrf_hash, 'hex') as "csrfHash"
       from machines.session join machines.user_account account on account.id = session.user_id
       where session.${column} = $1 and session.expires_at > $2 and ${ENABLED}`,
      [value, this.#now()],
    );
    return ticket ?? null;
  }

  async #token(em: RequestScope['em'], column: 'id' | 'token_hash', value: Buffer | string): Promise<Credential | null> {
    const [token] = await sql<Credential & { lastUsedAt: Date | null }>(
      em,
      `select token.id as "credentialId", ${USER}, token.scopes, token.expires_at as "expiresAt", null as "csrfHash", token.last_used_at as "lastUsedAt"
       from machines.api_token token join machines.user_account account on account.id = token.user_id
       where token.${column} = $1 and (token.expires_at is null or token.expires_at > $2) and ${ENABLED}`,
      [value, this.#now()],
    );
    if (token) await this.#noteUse(em, token.credentialId!, token.lastUsedAt);
    return token ?? null;
  }

  async #noteUse(em: RequestScope['em'], id: string, lastUsedAt: Date | string | null): Promise<void> {
    const now = this.#now();
    if (lastUsedAt !== null && now.getTime() - new Date(lastUsedAt).getTime() < USE_IS_NOTED_EVERY_MS) return;
    await sql(em, 'update machines.api_token set last_used_at = $2 where id = $1 and last_used_at is not distinct from $3', [id, now, lastUsedAt]);
  }
}
