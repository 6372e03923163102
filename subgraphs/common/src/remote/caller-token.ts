import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Origin } from '../caller/access.js';
import { callerKey } from '../caller/caller-key.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { Seal } from '../routes/seal.js';

/** Who asks a subgraph in another process, signed. */
export type TokenClaims = Pick<SubgraphRequest, 'caller' | 'origin'>;

/** How long a token may be used after it was signed. */
export const TOKEN_LIFETIME_MS = 60_000;
/** Of the callers who have one, those who asked last. */
const REMEMBERED_TOKENS = 1_000;

const claims = z.object({
  audience: z.string(),
  origin: z.enum(['client', 'stored', 'peer']),
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

/** Signs and checks the tokens that carry a caller from process to process, good for one subgraph and 60 s. */
export class CallerTokens {
  readonly #seal: Seal<z.infer<typeof claims>>;
  readonly #now: () => number;

  constructor(secret: string, now: () => number = Date.now) {
    this.#now = now;
    this.#seal = new Seal({ secret, purpose: 'caller token', schema: claims, now });
  }

  sign(audience: string, { caller, origin }: TokenClaims): string {
    return this.#seal.close({ audience, origin, caller: { ...caller, roles: [...caller.roles], scopes: caller.scopes && [...caller.scopes] } }, TOKEN_LIFETIME_MS);
  }

  /** What is made of a token, for somebody who asks often: the same for a caller until half of its time is over, by the clock that tells its end. */
  signer<Made extends object>(audience: string, make: (token: string) => Made): (claims: TokenClaims) => Made {
    const remembered = () => new LRUCache<string, Made>({ max: REMEMBERED_TOKENS, ttl: TOKEN_LIFETIME_MS / 2, ttlResolution: 0, perf: { now: this.#now } });
    const signed: Record<Origin, LRUCache<string, Made>> = { client: remembered(), stored: remembered(), peer: remembered() };
    return (claims) => {
      const key = callerKey(claims.caller);
      const tokens = signed[claims.origin];
      let made = tokens.get(key);
      if (made === undefined) tokens.set(key, (made = make(this.sign(audience, claims))));
      return made;
    };
  }

  /** What the token says, or undefined when it was not signed by this platform, for this audience and in time. */
  verify(audience: string, token: string | undefined): TokenClaims | undefined {
    const opened = this.#seal.open(token);
    if (opened?.audience !== audience) return undefined;
    const { caller, origin } = opened;
    return { caller, origin };
  }
}

/** The token of `Authorization: Bearer <token>`. */
export const bearerToken = (header: string | undefined): string | undefined => /^Bearer (\S+)$/.exec(header ?? '')?.[1];
