import { randomUUID } from 'node:crypto';
import type { RequestHandler } from 'express';

const SOUND = /^[A-Za-z0-9._:/+=-]{1,128}$/;

/** Gives every request an id, the caller's own when it is sound, in `response.locals.requestId` and `X-Request-Id`. */
export const requestId: RequestHandler = (request, response, next) => {
  const given = request.headers['x-request-id'];
  const id = typeof given === 'string' && SOUND.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.setHeader('x-request-id', id);
  next();
};
