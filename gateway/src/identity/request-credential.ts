import type { IncomingHttpHeaders } from 'node:http';
import { badInput, unauthenticated } from '@hutong/common';

/** What a request shows to prove who sent it. */
export interface RequestCredential {
  /** A ticket or an API token, without its scheme; absent when none was sent. */
  credential?: string;
  /** The header `CSRFPreventionToken`, when sent. */
  csrfToken?: string;
}

const BEARER = /^Bearer +(\S+) *$/i;

/**
 * Reads the credential from `Authorization: Bearer`, `X-Auth-Token` or `token`, whichever carries it.
 *
 * @throws UNAUTHENTICATED for another scheme than Bearer, BAD_INPUT when two headers carry different credentials
 */
export function requestCredential(headers: IncomingHttpHeaders): RequestCredential {
  const sent = new Set([bearer(headers.authorization), text(headers, 'x-auth-token'), text(headers, 'token')]);
  sent.delete(undefined);
  if (sent.size > 1) throw badInput({ problem: 'Authorization, X-Auth-Token and token carry different credentials: send one' });
  const [credential] = sent;
  const csrfToken = text(headers, 'csrfpreventiontoken');
  return { ...(credential === undefined ? {} : { credential }), ...(csrfToken === undefined ? {} : { csrfToken }) };
}

function bearer(authorization: string | undefined): string | undefined {
  if (authorization === undefined) return undefined;
  const credential = BEARER.exec(authorization)?.[1];
  if (credential === undefined) throw unauthenticated({ reason: 'Authorization: expected "Bearer <ticket or API token>"' });
  return credential;
}

function text(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  const trimmed = typeof value === 'string' ? value.trim() : '';
  return trimmed === '' ? undefined : trimmed;
}
