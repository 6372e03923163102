import type { ServerResponse } from 'node:http';
import type { Reply } from './contract.js';

/** A finished answer, ready to be sent any number of times. */
export interface Answer {
  status: number;
  bytes: Buffer;
  /** More headers than every answer has. */
  headers?: Readonly<Record<string, string>>;
}

export function answerOf(reply: Reply, headers?: Record<string, string>): Answer {
  return { status: reply.status, bytes: Buffer.from(JSON.stringify(reply.body)), ...(headers ? { headers } : {}) };
}

/** Sends an answer; to HEAD its headers alone. A caller that has gone is no fault. */
export function send(response: ServerResponse, { status, bytes, headers }: Answer, requestId: string): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, {
    ...headers,
    'content-type': 'application/json; charset=utf-8',
    'content-length': bytes.length,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  });
  response.end(bytes);
}

/** Sends the caller to another address, which may be good once only. */
export function sendTo(response: ServerResponse, location: string, requestId: string): void {
  response.writeHead(302, { location, 'content-length': 0, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer', 'x-request-id': requestId });
  response.end();
}
