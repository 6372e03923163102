import type { IncomingMessage, ServerResponse } from 'node:http';
import { REQUEST_ID, soundRequestId } from '@hutong/common';

interface Identified {
  locals: { requestId?: string };
}

/** Gives a request an id, the caller's own when it is sound, in `response.locals.requestId` and `X-Request-Id`; it keeps one that it has. */
export function identify({ headers }: IncomingMessage, response: ServerResponse & Identified): string {
  const { requestId } = response.locals;
  if (requestId !== undefined) return requestId;
  const id = soundRequestId(headers[REQUEST_ID]);
  response.locals.requestId = id;
  response.setHeader(REQUEST_ID, id);
  return id;
}
