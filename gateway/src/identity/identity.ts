import { createHash, randomUUID } from 'node:crypto';
import { anonymous, CallerPlaces, Cancellation, findUnstorableText, subgraphUnavailable, unauthenticated, withDeadline, type Caller, type Log, type SubgraphConnection } from '@hutong/common';
import { subgraphFetches } from '@hutong/common/telemetry';
import { LRUCache } from 'lru-cache';
import { csrfTokenWrong } from '../errors.js';
import { credentialLookups } from '../telemetry/activities.js';
import { CredentialWatch, type WatchedCredential } from './credential-watch.js';
import type { Asked, IdentitySource, ResolvedCredential } from './identity.source.js';
import type { RequestCredential } from './request-credential.js';
import { RevocationStream, type RevocationListener } from './revocation-stream.js';

export interface IdentityOptions {
  source: IdentitySource;
  connections: ReadonlyMap<string, SubgraphConnection>;
  /** How long a credential is believed without being asked for again, while revocations are heard; at most 30 s. */
  rememberedMs: number;
  log: Log;
}

/** What a request shows of who sent it. */
export interface Shown extends RequestCredential {
  /** The id of the credential that its session was begun with, as whoever took it in has made sure. */
  credentialId?: string | undefined;
  /** The user that it stands for without a credential, as whoever took it in has made sure. */
  actsAs?: string | undefined;
}

/** A credential that was good when it was last asked for and was not revoked since. */
export interface KnownCredential {
  /** Wherever it asks from. */
  places: CallerPlaces;
  /** A text that differs for callers who may see different things. */
  fingerprint: string;
  csrfHash: string | null;
  /** Milliseconds since 1970; Infinity where it does not expire. */
  expiresAt: number;
}

/** A caller who stays for longer than one request. */
export interface Session {
  caller: Caller;
  /** The same for callers who may see the same things. */
  fingerprint: string;
  /** The caller has gone. */
  end(): void;
}

const NO_USER = 'The user that this address stands for does not exist or is disabled.';
const ENDED = 'The credential is unknown, expired or revoked.';
const REMEMBERED_CREDENTIALS = 10_000;
const LOOKUP_TIMEOUT_MS = 10_000;

/** Whose credential it is: asks the identity subgraph, and remembers the answer only while it would hear of a revocation. */
export class Identity implements RevocationListener {
  readonly #options: IdentityOptions;
  readonly #known = new LRUCache<string, KnownCredential>({ max: REMEMBERED_CREDENTIALS });
  readonly #lookups = new Map<string, Promise<KnownCredential | undefined>>();
  readonly #revocations: RevocationStream;
  readonly #watch = new CredentialWatch();
  readonly #nobody = new CallerPlaces(anonymous);
  #listening = false;
  /** Counts what may have made an answer wrong that is still on its way. */
  #changes = 0;

  constructor(options: IdentityOptions) {
    this.#options = options;
    this.#revocations = new RevocationStream(options.source, options.connections, this, options.log);
  }

  /**
   * The caller a request speaks for; `anonymous` only when it shows no credential and stands for no user.
   *
   * @throws UNAUTHENTICATED, CSRF_TOKEN_WRONG, or SUBGRAPH_UNAVAILABLE when the identity subgraph does not answer
   */
  async callerOf(shown: Shown, address: string, requestId: string): Promise<Caller> {
    const asked = askedOf(shown);
    if (!asked) return this.#nobody.at(address);
    const remembered = this.#remembered(asked);
    credentialLookups.tell({ remembered: remembered !== undefined });
    const known = remembered ?? (await this.#lookUp(asked, address, requestId));
    if (!known) throw unauthenticated({ reason: asked.by === 'username' ? NO_USER : ENDED });
    const { csrfToken } = shown;
    if (csrfToken !== undefined && !csrfMatches(known, csrfToken)) throw csrfTokenWrong({});
    return known.places.at(address);
  }

  /**
   * The caller of a connection that stays open. `onEnd` is called once when the credential has expired or is revoked, or when
   * it stands for other rights than before; what was missed while revocations could not be heard is asked for afterwards.
   *
   * @throws as {@link callerOf}
   */
  async sessionOf(shown: Shown, address: string, requestId: string, onEnd: () => void): Promise<Session> {
    const changes = this.#changes;
    const caller = await this.callerOf(shown, address, requestId);
    const asked = askedOf(shown);
    if (!asked) return { caller, fingerprint: 'anonymous', end: () => undefined };
    const known = this.#remembered(asked) ?? (await this.#lookUp(asked, address, requestId));
    if (!known) throw unauthenticated({ reason: ENDED });
    const watched = { asked, credentialId: caller.credentialId, userId: caller.userId, expiresAt: known.expiresAt, onEnd };
    const end = this.#watch.add(watched);
    if (changes !== this.#changes) void this.#askAgain([watched]);
    return { caller: known.places.at(address), fingerprint: known.fingerprint, end };
  }

  /** The credential when it is known to be good without asking; undefined says nothing. */
  known({ credential, csrfToken }: RequestCredential): KnownCredential | undefined {
    if (credential === undefined) return undefined;
    const known = this.#remembered(credentialOf(credential));
    return known && (csrfToken === undefined || csrfMatches(known, csrfToken)) ? known : undefined;
  }

  up(): void {
    this.#forgetLookups();
    this.#listening = true;
    void this.#askAgain(this.#watch.all());
  }

  revoked(id: string): void {
    this.#forgetLookups();
    for (const [key, { places: { caller } }] of this.#known.entries()) {
      if (caller.credentialId === id || caller.userId === id) this.#known.delete(key);
    }
    this.#watch.revoked(id);
  }

  down(): void {
    this.#forgetLookups();
    this.#listening = false;
    this.#known.clear();
  }

  stop(): Promise<void> {
    this.#watch.stop();
    return this.#revocations.stop();
  }

  /** Never beyond its own time, which goes on while the process sleeps, as that of a memory does not. */
  #remembered(asked: Asked): KnownCredential | undefined {
    const known = this.#known.get(keyOf(asked));
    return known && known.expiresAt > Date.now() ? known : undefined;
  }

  async #askAgain(credentials: readonly WatchedCredential[]): Promise<void> {
    const byText = Map.groupBy(credentials, ({ asked }) => keyOf(asked));
    for (const watched of byText.values()) {
      try {
        if (!(await this.#lookUp(watched[0]!.asked, '', randomUUID()))) for (const one of watched) this.#watch.end(one);
      } catch (err) {
        this.#options.log.warn({ err }, 'a credential in use could not be looked up again');
      }
    }
  }

  /** What is being asked for now may be answered from before the change: it serves those who wait for it and no one else. */
  #forgetLookups(): void {
    this.#changes++;
    this.#lookups.clear();
  }

  #lookUp(asked: Asked, address: string, requestId: string): Promise<KnownCredential | undefined> {
    const key = keyOf(asked);
    const underway = this.#lookups.get(key);
    if (underway) return underway;
    const lookup = this.#resolve(asked, address, requestId).finally(() => {
      if (this.#lookups.get(key) === lookup) this.#lookups.delete(key);
    });
    this.#lookups.set(key, lookup);
    return lookup;
  }

  async #resolve(asked: Asked, address: string, requestId: string): Promise<KnownCredential | undefined> {
    if (findUnstorableText(asked.text, asked.by) !== undefined) return undefined;
    const changes = this.#changes;
    const resolved = await this.#ask(asked, address, requestId);
    if (!resolved) return undefined;
    const known = knownCredential(resolved);
    if (known.expiresAt <= Date.now()) return undefined;
    if (this.#listening && changes === this.#changes) this.#known.set(keyOf(asked), known, { ttl: this.#options.rememberedMs });
    return known;
  }

  async #ask({ by, text }: Asked, address: string, requestId: string): Promise<ResolvedCredential | null> {
    const { source, connections, log } = this.#options;
    const document = { credential: source.resolve, credentialId: source.resolveById, username: source.resolveUser }[by];
    const request = { document, variables: { [by]: text }, caller: { ...anonymous, address }, origin: 'peer', requestId } as const;
    try {
      const connection = connections.get(source.subgraph);
      if (!connection) throw new Error('not connected');
      const tooLate = () => new Error('no answer in time');
      const { data, errors } = await withDeadline(NEVER, LOOKUP_TIMEOUT_MS, tooLate, ({ signal }) =>
        subgraphFetches.run({ subgraph: source.subgraph, origin: 'peer', requestId }, () => connection.execute({ ...request, signal })),
      );
      if (errors?.[0]) throw new Error(errors[0].message);
      return Object.values(data ?? {})[0] as ResolvedCredential | null;
    } catch (err) {
      log.error({ requestId, err }, 'credential could not be looked up');
      throw subgraphUnavailable({ subgraph: source.subgraph, cause: err });
    }
  }
}

const credentialOf = (text: string): Asked => ({ by: 'credential', text });

function askedOf({ credential, credentialId, actsAs }: Shown): Asked | undefined {
  if (credential !== undefined) return credentialOf(credential);
  if (credentialId !== undefined) return { by: 'credentialId', text: credentialId };
  return actsAs === undefined ? undefined : { by: 'username', text: actsAs };
}

/** No credential is ever taken for the name of a user. */
const keyOf = ({ by, text }: Asked): string => `${by} ${text}`;

/** A look-up is shared by requests, so none of them may end it. */
const NEVER = new Cancellation();

function knownCredential({ credentialId, userId, username, roles, organization, scopes, csrfHash, expiresAt }: ResolvedCredential): KnownCredential {
  const places = new CallerPlaces({ userId, username, roles, organization, scopes, credentialId, address: null });
  return { places, csrfHash, expiresAt: expiresAt === null ? Infinity : Date.parse(expiresAt), fingerprint: JSON.stringify([userId, roles, organization, scopes]) };
}

const csrfMatches = ({ csrfHash }: KnownCredential, token: string): boolean => csrfHash === createHash('sha256').update(token).digest('hex');
