import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { SubgraphRequest } from '../graph/connection.js';

/** What a subgraph in another process is told of a request, signed. */
export type TokenClaims = Pick<SubgraphRequest, 'caller' | 'origin' | 'requestId'>;

/** How long a token may be used after it was signed. */
export const TOKEN_LIFETIME_MS = 60_000;

const KEY_BYTES = 32;

const claims = z.object({
  aud: z.string(),
  exp: z.number(),
  origin: z.enum(['client', 'stored', 'peer']),
  requestId: z.string(),
  caller: z.object({
    userId: z.string().nullable(),
    username: z.string().nullable(),
    roles: z.array(z.enum(['ADMIN', 'PROVIDER', 'MEMBER'])),
    organization: z.string().nullable(),
    scopes: z.array(z.string()).nullable(),
    credentialId: z.string().nullable(),
    address: z.string().nullable(),
  }),
});

/**
 * Signs and checks the tokens that carry a caller from process to process: HMAC-SHA256 with a key derived from the
 * platform's secret, good for one subgraph and 60 s.
 */
export class CallerTokens {
  readonly #key: Buffer;
  readonly #now: () => number;

  constructor(secret: string, now: () => number = Date.now) {
    this.#key = Buffer.from(hkdfSync('sha256', secret, '', 'hutong caller token', KEY_BYTES));
    this.#now = now;
  }

  sign(audience: string, { caller, origin, requestId }: TokenClaims): string {
    const body = Buffer.from(JSON.stringify({ aud: audience, exp: this.#now() + TOKEN_LIFETIME_MS, origin, requestId, caller })).toString('base64url');
    return `${body}.${this.#mac(body).toString('base64url')}`;
  }

  /** What the token says, or undefined when it was not signed by this platform, for this audience and in time. */
  verify(audience: string, token: string | undefined): TokenClaims | undefined {
    const [body = '', mac = '', ...rest] = (token ?? '').split('.');
    const expected = this.#mac(body);
    const given = Buffer.from(mac, 'base64url');
    if (rest.length > 0 || given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    const { success, data } = claims.safeParse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    if (!success || data.aud !== audience || data.exp <= this.#now()) return undefined;
    return { caller: data.caller, origin: data.origin, requestId: data.requestId };
  }

  #mac(body: string): Buffer {
    return createHmac('sha256', this.#key).update(body).digest();
  }
}

/** The token of `Authorization: Bearer <token>`. */
export const bearerToken = (header: string | undefined): string | undefined => /^Bearer (\S+)$/.exec(header ?? '')?.[1];
