import { REQUEST_ID, soundRequestId } from '@hutong/common';
import type { RequestHandler } from 'express';

/** Gives every request an id, the caller's own when it is sound, in `response.locals.requestId` and `X-Request-Id`. */
export const requestId: RequestHandler = (request, response, next) => {
  const id = soundRequestId(request.headers[REQUEST_ID]);
  response.locals.requestId = id;
  response.setHeader(REQUEST_ID, id);
  next();
};
