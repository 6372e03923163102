import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Log } from '../log/log.js';
import { badInput, internalError } from './common.errors.js';
import { HutongError } from './define-error.js';

/** `Variable "$input" got invalid value -1 at "input.reports[3].gpuMemory"; Int cannot …` */
const COERCION = /^Variable "\$(?<variable>\w+)" got invalid value .*?(?: at "(?<path>[^"]+)")?; (?<problem>.+)$/s;
const MISSING = /^Variable "\$(?<variable>\w+)" of (?:required|non-null) type "(?<type>[^"]+)" (?:was not provided|must not be null)\.$/;

/** What graphql-js guesses was meant, which tells of values that the caller did not name. */
const SUGGESTION = / Did you mean .+\?$/s;

/** Text that a caller sent is quoted in graphql-js messages; a quote longer than this says no more. */
const MESSAGE_LIMIT = 500;

/**
 * Turns what an execution reported into what a caller may see: catalogued failures as they are, input that does not
 * fit the schema as BAD_INPUT with its field, everything else masked (and logged with the request id).
 */
export function showError(error: GraphQLError, requestId: string, log: Log): GraphQLFormattedError {
  const shown = publicError(error, requestId, log);
  return { message: shown.message, ...(error.path ? { path: error.path } : {}), extensions: shown.extensions };
}

function publicError(error: GraphQLError, requestId: string, log: Log): HutongError {
  const original = error.originalError;
  if (original instanceof HutongError) {
    if (original.cause !== undefined) log.warn({ requestId, err: original.cause, code: original.code }, original.message);
    return original;
  }
  if (original === undefined || original === null || original instanceof GraphQLError) return inputError(error);
  log.error({ requestId, err: original, path: error.path }, 'unexpected failure in a resolver');
  return internalError({ requestId });
}

function inputError(error: GraphQLError): HutongError {
  const coercion = COERCION.exec(error.message)?.groups;
  if (coercion) return badInput({ field: coercion.path ?? coercion.variable, problem: clip((coercion.problem ?? '').replace(SUGGESTION, '')) });
  const missing = MISSING.exec(error.message)?.groups;
  if (missing) return badInput({ field: missing.variable, problem: `expected a value of type ${missing.type}, got none` });
  return badInput({ problem: clip(error.message) });
}

function clip(text: string): string {
  return text.length <= MESSAGE_LIMIT ? text : `${text.slice(0, MESSAGE_LIMIT)}…`;
}
