import type { IncomingMessage } from 'node:http';
import { failure } from './failure.js';

/**
 * Refuses a mutating request that a browser sent on behalf of another site's page. Programs send neither header. Another
 * port of the same host is foreign too (`same-site`): notebooks run strangers' JavaScript there.
 *
 * @throws Failure FOREIGN_PAGE
 */
export function refuseForeignPage(request: IncomingMessage, ownOrigins: readonly string[]): void {
  const { origin, host } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (origin !== undefined && ownOrigins.includes(origin)) return;
  if (site === 'same-origin' || site === 'none') return;
  if (site === undefined && (origin === undefined || hostOf(origin) === host?.toLowerCase())) return;
  throw failure('FOREIGN_PAGE', 'A page of another site may not send this request');
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}
