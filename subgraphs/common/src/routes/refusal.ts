import { STATUS_CODES, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { internalError } from '../errors/common.errors.js';
import { HutongError } from '../errors/define-error.js';
import type { Log } from '../log/log.js';

/** By this header, with the failure's code, an answer of the platform is told from one that it passes back; those are freed of it. */
export const REFUSED = 'x-hutong-error';

/** What a caller may see of a failure; what is not of the catalogue is logged and masked. */
export function shownFailure(error: unknown, requestId: string, log: Log): HutongError {
  if (error instanceof HutongError) return error;
  log.error({ requestId, err: error }, 'route failed');
  return internalError({ requestId });
}

/** Answers a request with a failure, in the form in which the graph tells one; what has been answered in part is cut off. */
export function refuseRequest(request: IncomingMessage, response: ServerResponse, error: HutongError, headers: Record<string, string> = {}): void {
  if (response.headersSent) return void response.destroy();
  for (const name of response.getHeaderNames()) if (!KEPT.has(name)) response.removeHeader(name);
  const body = bodyOf(error);
  response.writeHead(error.status, { ...headersOf(error, body), ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** The same for a WebSocket that is not opened. */
export function refuseSocket(socket: Duplex, error: HutongError, requestId?: string): void {
  if (!socket.writable) return void socket.destroy();
  const body = bodyOf(error);
  const head = Object.entries({ connection: 'close', ...(requestId === undefined ? {} : { 'x-request-id': requestId }), ...headersOf(error, body) }).map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${error.status} ${STATUS_CODES[error.status] ?? 'Refused'}\r\n${head}\r\n${body}`);
}

/** Of the exchange, and not of the answer that failed. */
const KEPT = new Set(['x-request-id', 'connection', 'hutong-subgraph']);

const bodyOf = ({ message, extensions }: HutongError): string => JSON.stringify({ errors: [{ message, extensions }] });

const headersOf = ({ status, code }: HutongError, body: string): Record<string, string> => ({
  [REFUSED]: code,
  'content-type': 'application/json; charset=utf-8',
  'content-length': String(Buffer.byteLength(body)),
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
});
