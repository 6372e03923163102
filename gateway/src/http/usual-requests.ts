import type { IncomingMessage, RequestListener } from 'node:http';
import type { Log } from '@hutong/common';
import type { Limits } from '../limits/limits.js';
import { failed } from './failure.js';
import { parseBody } from './graphql-body.js';
import type { GraphqlHandler, GraphqlRequest, GraphqlResponse } from './graphql-request.js';
import { prefersEvents } from './media-types.js';
import { neverKeep } from './never-kept.js';
import { identify } from './request-id.js';

export interface UsualRequestsOptions {
  handler: GraphqlHandler;
  limits: Limits;
  log: Log;
}

/**
 * Has a handler answer requests in the form that nearly all have, without what Express does for every one. All others go on to Express,
 * and so do those that the handler leaves, with their operation, and those whose body is wrong, with its bytes.
 */
export const usualRequests = ({ handler, limits, log }: UsualRequestsOptions) => {
  const fail = failed(log);
  const answer = (request: GraphqlRequest, response: GraphqlResponse, bytes: Buffer, others: RequestListener): void => {
    const next = (): void => others(request, response);
    request.body = bytes;
    try {
      request.body = parseBody(bytes, limits);
    } catch {
      return next();
    }
    handler(request, response, next).catch((error: unknown) => fail(error, request, response, () => response.destroy()));
  };
  return (others: RequestListener): RequestListener =>
    (request, response) => {
      if (!isUsual(request, limits.bodyBytes)) return others(request, response);
      const usual = Object.assign(response, { locals: {} });
      identify(request, usual);
      neverKeep(response);
      void bodyOf(request).then((bytes) => answer(request, usual, bytes, others));
    };
};

/** The bytes of a body, unless its sender goes away. What waits for them goes on within the request, where what is called by its events would not. */
const bodyOf = (request: IncomingMessage): Promise<Buffer> =>
  new Promise((resolve) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)));
  });

const USUAL_TYPE = /^application\/json(?:; ?charset=utf-8)?$/i;

/** A POST of JSON that says how long it is, and wants one answer. */
function isUsual(request: IncomingMessage, bodyBytes: number): boolean {
  const { method, url, headers } = request;
  const { 'content-type': type = '', 'content-length': length } = headers;
  return method === 'POST' && url === '/graphql' && USUAL_TYPE.test(type) && headers['content-encoding'] === undefined && Number(length) <= bodyBytes && !prefersEvents(request);
}
