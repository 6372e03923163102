import { HutongError } from '@hutong/common';
import type { Request, Response } from 'express';
import { GraphQLError } from 'graphql';
import { refusals } from '../telemetry/activities.js';

const JSON_ANSWER = 'application/json';
const GRAPHQL_ANSWER = 'application/graphql-response+json';

/** Whether the caller prefers the newer media type of GraphQL over HTTP, in which a status tells what became of a request. */
export const prefersGraphqlResponse = (request: Request): boolean => /graphql-response/i.test(request.headers.accept ?? '') && request.accepts([JSON_ANSWER, GRAPHQL_ANSWER]) === GRAPHQL_ANSWER;

/** An expected failure as Apollo Server takes it, with the HTTP status that it has. */
export function statusError(error: HutongError, status = error.status): GraphQLError {
  const headers = new Map(status === 401 ? [['www-authenticate', 'Bearer']] : []);
  return new GraphQLError(error.message, { extensions: { ...error.extensions, http: { status, headers } }, originalError: error });
}

/** Answers a request that never became an operation. */
export function refuse(request: Request, response: Response, error: HutongError, status = error.status): void {
  refusals.tell({ errors: [error] });
  const type = prefersGraphqlResponse(request) ? GRAPHQL_ANSWER : JSON_ANSWER;
  response.status(status).type(`${type}; charset=utf-8`);
  response.send(JSON.stringify({ errors: [{ message: error.message, extensions: error.extensions }] }));
}
