import type { IncomingHttpHeaders } from 'node:http';
import { REQUEST_ID, soundRequestId } from '@hutong/common/process';
import type { Request, Response } from 'express';
import { failure } from './failure.js';
import type { GraphCaller } from './graph.js';

const BEARER = /^Bearer +(\S.*)$/i;

/** The request's id: the one an earlier middleware put on the answer, the caller's own when it is sound, else a new one. */
export const requestIdOf = (request: Request, response: Response): string => soundRequestId(response.locals['requestId'] ?? request.headers[REQUEST_ID]);

/**
 * Finds the credential, whichever of the three headers carries it.
 *
 * @throws Failure CREDENTIALS_DIFFER when two headers carry different ones: taking either could act as the wrong user
 */
export function callerOf(request: Request, requestId: string, credentialTaken: boolean): GraphCaller {
  const caller: GraphCaller = { address: request.ip ?? request.socket.remoteAddress ?? '', requestId };
  if (!credentialTaken) return caller;
  const { headers } = request;
  const sent = [BEARER.exec(headers.authorization ?? '')?.[1], header(headers, 'x-auth-token'), header(headers, 'token')];
  for (const credential of sent) addCredential(caller, credential);
  const csrfToken = header(headers, 'csrfpreventiontoken');
  if (csrfToken !== undefined && csrfToken !== '') caller.csrfToken = csrfToken;
  return caller;
}

/**
 * Adds a credential that the request carries, unless there is nothing in it.
 *
 * @throws Failure CREDENTIALS_DIFFER when it carries another one as well
 */
export function addCredential(caller: GraphCaller, text: string | undefined): void {
  const credential = text?.trim();
  if (credential === undefined || credential === '') return;
  if (caller.credential !== undefined && caller.credential !== credential) {
    throw failure('CREDENTIALS_DIFFER', 'Authorization, X-Auth-Token and token carry different credentials: send one');
  }
  caller.credential = credential;
}

/** @throws Failure CREDENTIAL_MISSING when nothing says who the caller is */
export function requireCaller({ credential, actsAs }: GraphCaller): void {
  if (credential === undefined && actsAs === undefined) {
    throw failure('CREDENTIAL_MISSING', 'This needs a ticket or an API token in the header token, X-Auth-Token or Authorization: Bearer');
  }
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
