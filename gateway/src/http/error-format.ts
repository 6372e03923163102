import { randomUUID } from 'node:crypto';
import { badInput, HutongError, internalError, limitExceeded, type Log } from '@hutong/common';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { graphqlParseFailed } from '../errors.js';

/** What Apollo Server says to a GET that a page of another site could have made a browser send. */
const CROSS_SITE = /^This operation has been blocked as a potential Cross-Site Request Forgery/;

const PREFLIGHT = 'a GET needs the header "apollo-require-preflight: true", which a page of another site cannot make a browser send; or POST with "Content-Type: application/json"';

/** What Apollo Server says in words that are for whoever programs with it. */
const REWORDED: readonly [RegExp, string][] = [
  [/^POST body missing, invalid Content-Type, or JSON object has no keys/, 'the body has no query; send {"query": "…", "variables": {…}}'],
];

const reworded = (message: string): string => REWORDED.find(([pattern]) => pattern.test(message))?.[1] ?? message;

/** What graphql-js says when it gives up counting tokens. */
const TOO_MANY_TOKENS = /^Syntax Error: Document contains more tha[nt] \d+ tokens/;

/** Codes of Apollo Server for a request that is at fault; ours has one for all of them. */
const REQUEST_FAULTS = new Set(['BAD_REQUEST', 'BAD_USER_INPUT', 'OPERATION_RESOLUTION_FAILURE']);

/** Makes Apollo Server's formatter of errors: catalogued failures as they are, its own in our codes, all else masked. */
export function errorFormat({ log, tokens }: { log: Log; tokens: number }): (formatted: GraphQLFormattedError, error: unknown) => GraphQLFormattedError {
  return ({ message, path, locations, extensions = {} }, error) => {
    const original = error instanceof GraphQLError ? error.originalError : error;
    const place = { ...(path ? { path } : {}), ...(locations ? { locations } : {}) };
    if (original instanceof HutongError) return { message: original.message, ...place, extensions: original.extensions };
    const { code } = extensions;
    if (code === 'GRAPHQL_PARSE_FAILED') {
      if (TOO_MANY_TOKENS.test(message)) return shown(limitExceeded({ limit: 'document length', allowed: `${tokens} tokens` }), {});
      return shown(graphqlParseFailed({ problem: message }), place);
    }
    if (CROSS_SITE.test(message)) return shown(badInput({ problem: PREFLIGHT }), {});
    if (typeof code === 'string' && REQUEST_FAULTS.has(code)) return shown(badInput({ problem: reworded(message) }), {});
    const requestId = randomUUID();
    log.error({ requestId, err: error }, 'unexpected failure in the GraphQL server');
    return shown(internalError({ requestId }), {});
  };
}

const shown = ({ message, extensions }: HutongError, place: Partial<GraphQLFormattedError>): GraphQLFormattedError => ({ message, ...place, extensions });
