import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { httpRequests } from './activities.js';

/** What handlers leave on a response for those who count and log it. */
export interface Locals {
  requestId?: string;
  /** The template of the path, where a contract has it. */
  route?: string;
  contract?: string;
  caller?: { userId?: string | null | undefined };
}

/** Addresses of our own; whatever else is asked for counts as one. */
const ROUTES = new Set(['/', '/graphql', '/healthz', '/readyz', '/metrics', '/stored-operations']);
const PLAYGROUND = '/playground/';

/** Tells of every request that a handler answers, until the answer is out or the caller has gone. */
export const observed =
  (handler: RequestListener): RequestListener =>
  (request, response) => {
    const { url = '', socket } = request;
    const end = httpRequests.begin({ request, response, url, sentBefore: socket.bytesWritten }, () => handler(request, response));
    response.once('close', () => end());
  };

/** The response's notes. */
export const localsOf = (response: ServerResponse): Locals => (response as ServerResponse & { locals?: Locals }).locals ?? {};

/** The template of the path that was asked for: there are only so many. */
export function routeOf(response: ServerResponse, url: string): { contract: string; route: string } {
  const { contract, route } = localsOf(response);
  if (contract !== undefined && route !== undefined) return { contract, route };
  const path = url.split('?', 1)[0]!;
  if (ROUTES.has(path)) return { contract: 'graph', route: path };
  return { contract: 'graph', route: path.startsWith(PLAYGROUND) ? `${PLAYGROUND}*` : 'other' };
}

const METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** The method, of which there are only so many. */
export const methodOf = ({ method = '' }: IncomingMessage): string => (METHODS.has(method) ? method : 'other');

/** Whether the answer went out whole. */
export const isAnswered = (response: ServerResponse): boolean => response.writableFinished;
