import type { ServerResponse } from 'node:http';

/** Answers may hold tickets, and are one caller's own. */
export function neverKeep(response: ServerResponse): void {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
}
