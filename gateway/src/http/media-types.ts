import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';

// As they go out, and as Apollo Server weighs them: who accepts one may name its charset or leave that.
export const JSON_ANSWER = 'application/json; charset=utf-8';
/** The newer media type of GraphQL over HTTP. */
export const GRAPHQL_ANSWER = 'application/graphql-response+json; charset=utf-8';
export const EVENT_STREAM = 'text/event-stream; charset=utf-8';

/** Which of these a caller prefers, JSON where all are the same to it; undefined: it takes none. */
export function preferredType<T extends string>({ headers: { accept } }: IncomingMessage, others: readonly T[]): typeof JSON_ANSWER | T | undefined {
  if (!accept || accept === '*/*' || accept === 'application/json') return JSON_ANSWER;
  return new Negotiator({ headers: { accept } }).mediaType([JSON_ANSWER, ...others]) as typeof JSON_ANSWER | T | undefined;
}

/** What text of theirs never means a stream: it need not be weighed. */
const MAY_BE_STREAM = /text\/|\*/i;

/** Whether a caller wants events rather than one answer. */
export const prefersEvents = (request: IncomingMessage): boolean => MAY_BE_STREAM.test(request.headers.accept ?? '') && preferredType(request, [GRAPHQL_ANSWER, EVENT_STREAM]) === EVENT_STREAM;

/** Whether a caller prefers the media type in which a status tells what became of a request. */
export const prefersGraphqlResponse = (request: IncomingMessage): boolean => preferredType(request, [GRAPHQL_ANSWER]) === GRAPHQL_ANSWER;
