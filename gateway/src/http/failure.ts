import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { badInput, HutongError, internalError, type Log } from '@hutong/common';
import { GraphQLError } from 'graphql';
import { refusals } from '../telemetry/activities.js';
import { localsOf } from '../telemetry/http-exchange.js';
import { GRAPHQL_ANSWER, JSON_ANSWER, prefersGraphqlResponse } from './media-types.js';

/** An expected failure as Apollo Server takes it, with the HTTP status that it has. */
export function statusError(error: HutongError, status = error.status): GraphQLError {
  const headers = new Map(status === 401 ? [['www-authenticate', 'Bearer']] : []);
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status, headers } }, originalError: error });
}

/** Answers a request that never became an operation. */
export function refuse(request: IncomingMessage, response: ServerResponse, error: HutongError, status = error.status): void {
  refusals.tell({ errors: [error] });
  const body = Buffer.from(JSON.stringify({ errors: [{ message: error.message, extensions: error.extensions }] }));
  response.statusCode = status;
  response.setHeader('content-type', prefersGraphqlResponse(request) ? GRAPHQL_ANSWER : JSON_ANSWER);
  response.setHeader('content-length', body.length);
  response.end(body);
}

/** Answers a request that a handler failed with; `next` ends one whose answer has begun. */
export const failed =
  (log: Log) =>
  (error: unknown, request: IncomingMessage, response: ServerResponse, next: (error: unknown) => void): void => {
    const { status } = error as { status?: number };
    if (status !== undefined && status >= 400 && status < 500) return refuse(request, response, badInput({ problem: 'the request cannot be read' }), status);
    const { requestId = randomUUID() } = localsOf(response);
    log.error({ requestId, err: error }, 'request failed');
    if (response.headersSent) return next(error);
    refuse(request, response, internalError({ requestId }));
  };
