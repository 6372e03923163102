import { randomUUID } from 'node:crypto';
import { badInput, forbidden, limitExceeded, notFound, sql, unauthenticated, type RequestScope } from '@hutong/common';
import { z } from 'zod';
import type { ChangeFeed } from '../change/change.feed.js';
import type { Clock } from '../context.js';
import { isUuid } from '../input/ids.js';
import { checkedInput, textUpTo } from '../input/input.js';
import { ApiToken, CreatedApiToken, type CreateApiTokenInput } from './api-token.entity.js';
import { hashOf, newCredential } from './credential.text.js';

const TOKENS_OF_A_USER = 100;
const SCOPE = /^(?:all|[a-z]+(?:-[a-z]+)*:(?:read|write))$/;

const CREATE = z.object({
  name: textUpTo(100).refine((text) => text.trim() !== '', 'expected a name, got an empty text'),
  scopes: z
    .array(z.string().regex(SCOPE, 'expected "all", "<subgraph>:read" or "<subgraph>:write"'))
    .min(1, 'expected at least one scope')
    .max(20, 'expected at most 20 scopes')
    .transform((scopes) => [...new Set(scopes)]),
  expiresAt: z.date().nullish(),
});

interface Parts {
  changes: ChangeFeed;
  now: Clock;
}

/** API tokens: everybody makes, lists and revokes their own. */
export class ApiTokenService {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The caller's tokens, oldest first, expired ones included. */
  list({ em, caller }: RequestScope): Promise<ApiToken[]> {
    return em.fork().find(ApiToken, { userId: caller.userId ?? '' }, { orderBy: { createdAt: 'asc', id: 'asc' } });
  }

  /** Makes a token for the caller. A token never makes one that may do more than itself. */
  async create({ em, caller }: Pick<RequestScope, 'em' | 'caller'>, input: CreateApiTokenInput): Promise<CreatedApiToken> {
    if (caller.userId === null) throw unauthenticated({});
    const { name, scopes, expiresAt } = checkedInput(CREATE, input);
    requireWithin(scopes, caller.scopes);
    const now = this.#parts.now();
    if (expiresAt && expiresAt <= now) throw badInput({ field: 'input.expiresAt', problem: 'expected a time in the future' });
    const token = newCredential('token');
    const fork = em.fork();
    if ((await fork.count(ApiToken, { userId: caller.userId })) >= TOKENS_OF_A_USER) {
      throw limitExceeded({ limit: 'API tokens of a user', allowed: String(TOKENS_OF_A_USER) });
    }
    const apiToken = fork.create(ApiToken, {
      id: randomUUID(),
      userId: caller.userId,
      name,
      scopes,
      tokenHash: hashOf(token),
      createdAt: now,
      expiresAt: expiresAt ?? null,
      lastUsedAt: null,
    });
    await fork.persist(apiToken).flush();
    return Object.assign(new CreatedApiToken(), { id: apiToken.id, token, apiToken });
  }

  /** Ends one of the caller's tokens; NOT_FOUND when it is not theirs. */
  async revoke({ em, caller }: RequestScope, id: string): Promise<void> {
    await em.fork().transactional(async (transaction) => {
      const ended = isUuid(id)
        ? await sql(transaction, 'delete from machines.api_token where id = $1 and user_id = $2 returning id', [id, caller.userId])
        : [];
      if (ended.length === 0) throw notFound({ what: 'API token', field: 'id' });
      await this.#parts.changes.credentialsEnded(transaction, id);
    });
  }
}

function requireWithin(scopes: readonly string[], own: readonly string[] | null): void {
  if (own === null || own.includes('all')) return;
  const beyond = scopes.find((scope) => !own.includes(scope));
  if (beyond !== undefined) throw forbidden({ reason: `This API token lacks the scope "${beyond}" and cannot give it to another.`, field: 'input.scopes' });
}
