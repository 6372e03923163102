import { z } from 'zod';
import type { Caller } from '../caller/caller.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { Seal } from '../routes/seal.js';

/** What a subgraph in another process is told of a request, signed. */
export type TokenClaims = Pick<SubgraphRequest, 'caller' | 'origin' | 'requestId'>;

/** How long a token may be used after it was signed. */
export const TOKEN_LIFETIME_MS = 60_000;

const claims = z.object({
  audience: z.string(),
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

/** Signs and checks the tokens that carry a caller from process to process, good for one subgraph and 60 s. */
export class CallerTokens {
  readonly #seal: Seal<z.infer<typeof claims>>;

  constructor(secret: string, now?: () => number) {
    this.#seal = new Seal({ secret, purpose: 'caller token', schema: claims, now });
  }

  sign(audience: string, { caller, origin, requestId }: TokenClaims): string {
    return this.#seal.close({ audience, origin, requestId, caller: { ...caller, roles: [...caller.roles], scopes: caller.scopes && [...caller.scopes] } }, TOKEN_LIFETIME_MS);
  }

  /** What is made of a token, for somebody who asks often: it is signed once for a request, and again when half of its time is over. */
  signer<Made>(audience: string, make: (token: string) => Made): (claims: TokenClaims) => Made {
    const signed = new WeakMap<Caller, Pick<TokenClaims, 'origin' | 'requestId'> & { made: Made; until: number }>();
    return (claims) => {
      const { caller, origin, requestId } = claims;
      const known = signed.get(caller);
      if (known?.requestId === requestId && known.origin === origin && known.until > Date.now()) return known.made;
      const made = make(this.sign(audience, claims));
      signed.set(caller, { origin, requestId, made, until: Date.now() + TOKEN_LIFETIME_MS / 2 });
      return made;
    };
  }

  /** What the token says, or undefined when it was not signed by this platform, for this audience and in time. */
  verify(audience: string, token: string | undefined): TokenClaims | undefined {
    const opened = this.#seal.open(token);
    if (opened?.audience !== audience) return undefined;
    const { caller, origin, requestId } = opened;
    return { caller, origin, requestId };
  }
}

/** The token of `Authorization: Bearer <token>`. */
export const bearerToken = (header: string | undefined): string | undefined => /^Bearer (\S+)$/.exec(header ?? '')?.[1];
