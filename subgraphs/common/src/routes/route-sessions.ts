import { z } from 'zod';
import { Seal } from './seal.js';

/** What the cookie of a route stands for: a credential, below one path. */
export interface RouteSession {
  /** The id of the credential that the session was begun with, and ends with. */
  credentialId: string;
  /** Begins with that of the route; the session is good for it and below. */
  path: string;
}

const session = z.object({ credentialId: z.string(), path: z.string() });

/** A browser's session that outlives its page is to be begun anew after so long. */
const LIFETIME_MS = 24 * 3_600_000;

/** Makes and reads the values of session cookies, for a browser that cannot send a credential with what it loads. */
export class RouteSessions {
  readonly #seal: Seal<RouteSession>;

  /** @param secret the platform's, the same in every process */
  constructor(secret: string, now?: () => number) {
    this.#seal = new Seal({ secret, purpose: 'route session', schema: session, now });
  }

  /** `Set-Cookie` for a session: for its own host and path, out of reach of scripts, and not sent by pages of other sites. */
  cookie(name: string, begun: RouteSession, secure: boolean): string {
    return `${name}=${this.#seal.close(begun, LIFETIME_MS)}; Path=${begun.path}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  /** The session among the cookies of a request for a URL; undefined when there is none that is good there. */
  read(name: string, cookies: string | undefined, url: string): RouteSession | undefined {
    const [asked = ''] = url.split('?', 1);
    for (const cookie of (cookies ?? '').split(';')) {
      const [key, value] = cookie.trim().split('=', 2);
      const found = key === name ? this.#seal.open(value) : undefined;
      if (found && asked.startsWith(found.path)) return found;
    }
    return undefined;
  }
}
