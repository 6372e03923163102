import type { GraphQLError, GraphQLFormattedError } from 'graphql';

interface Result {
  data?: unknown;
  errors?: readonly GraphQLFormattedError[];
}

/**
 * The status GraphQL over HTTP asks for: an answer with `data`, null included, is 200; a refused operation is 400 for a
 * caller of `application/graphql-response+json`, and 200 for one of `application/json`, who looks into the body, unless
 * the request was no GraphQL request at all. An answer that became too large is 413.
 *
 * @param errors the errors as Apollo Server raised them
 * @param given the status it would send; undefined leaves that
 */
export function responseStatus(result: Result, errors: readonly GraphQLError[], graphqlResponse: boolean, given: number | undefined): number | undefined {
  if (result.data !== undefined || given === 405 || given === 413) return undefined;
  if (result.errors?.some(({ extensions }) => extensions?.code === 'INTERNAL_SERVER_ERROR')) return 500;
  const malformed = errors.some(({ extensions }) => extensions.code === 'BAD_REQUEST');
  return graphqlResponse || malformed ? 400 : 200;
}
