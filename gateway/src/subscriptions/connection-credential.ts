import type { IncomingHttpHeaders } from 'node:http';
import { requestCredential, type RequestCredential } from '../identity/request-credential.js';

const KEYS = new Set(['authorization', 'x-auth-token', 'token', 'csrfpreventiontoken']);

/**
 * The credential of a WebSocket: of `connection_init`'s payload, whose keys are those of the headers in any case, else of
 * the request that became the WebSocket. Never a cookie's or the address's, so that a foreign page has nothing to ride on.
 *
 * @throws as {@link requestCredential}
 */
export function connectionCredential(payload: Readonly<Record<string, unknown>>, headers: IncomingHttpHeaders): RequestCredential {
  const sent: IncomingHttpHeaders = {};
  for (const [key, value] of Object.entries(payload)) {
    if (typeof value === 'string' && KEYS.has(key.toLowerCase())) sent[key.toLowerCase()] = value;
  }
  const fromPayload = requestCredential(sent);
  return fromPayload.credential === undefined ? requestCredential(headers) : fromPayload;
}
