import type { RequestHandler } from 'express';
import { requestIdOf } from '../engine/caller.reader.js';

/** Has every answer say the request's id, as those of the contracts do. */
export const tellsRequestId: RequestHandler = (request, response, next) => {
  const requestId = requestIdOf(request, response);
  response.locals['requestId'] = requestId;
  response.setHeader('x-request-id', requestId);
  next();
};
