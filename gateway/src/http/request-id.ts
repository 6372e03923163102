import type { IncomingMessage, ServerResponse } from 'node:http';
import { REQUEST_ID, soundRequestId } from '@hutong/common';
import type { Locals } from '../telemetry/http-exchange.js';

/** The id of a request: what it was given before, its own when that is sound, or a new one; it stands in `response.locals.requestId` and `X-Request-Id` from now on. */
export function identify({ headers }: IncomingMessage, response: ServerResponse & { locals: Locals }): string {
  const id = (response.locals.requestId ??= soundRequestId(headers[REQUEST_ID]));
  response.setHeader(REQUEST_ID, id);
  return id;
}
