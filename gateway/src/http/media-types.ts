import type { IncomingMessage } from 'node:http';
import Negotiator from 'negotiator';

export const JSON_ANSWER = 'application/json';
/** The newer media type of GraphQL over HTTP, in which a status tells what became of a request. */
export const GRAPHQL_ANSWER = 'application/graphql-response+json';
export const EVENT_STREAM = 'text/event-stream';

/** Which of these a caller prefers, the first where all are the same to it; undefined: it takes none. */
export function preferredType<T extends string>({ headers: { accept } }: IncomingMessage, types: readonly [T, ...T[]]): T | undefined {
  if (!accept || accept === '*/*' || accept === types[0]) return types[0];
  return new Negotiator({ headers: { accept } }).mediaType([...types]) as T | undefined;
}

/** What text of theirs never means a stream: it need not be weighed. */
const MAY_BE_STREAM = /text\/|\*/i;

/** Whether a caller wants events rather than one answer. */
export const prefersEvents = (request: IncomingMessage): boolean => MAY_BE_STREAM.test(request.headers.accept ?? '') && preferredType(request, [JSON_ANSWER, GRAPHQL_ANSWER, EVENT_STREAM]) === EVENT_STREAM;

export const prefersGraphqlResponse = (request: IncomingMessage): boolean => preferredType(request, [JSON_ANSWER, GRAPHQL_ANSWER]) === GRAPHQL_ANSWER;
