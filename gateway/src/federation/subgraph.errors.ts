import { HutongError, internalError, notFound, type Log } from '@hutong/common';
import { GraphQLError } from 'graphql';

/** What the executor adds to a subgraph's error; none of it is the subgraph's. */
const EXECUTOR_CODE = 'DOWNSTREAM_SERVICE_ERROR';

/**
 * An error of the plan's execution as a caller may see it: a subgraph's with its own message and extensions, and
 * everything that the executor itself stumbled over masked and logged.
 */
export function callerError(error: unknown, requestId: string, log: Log): GraphQLError {
  if (error instanceof HutongError) return new GraphQLError(error.message, { extensions: error.extensions });
  if (error instanceof GraphQLError && typeof error.extensions.serviceName === 'string') {
    const { serviceName, ...extensions } = error.extensions;
    if (typeof extensions.code === 'string' && extensions.code !== EXECUTOR_CODE) {
      return new GraphQLError(error.message, { extensions, ...pathInAnswer(error) });
    }
    log.error({ requestId, subgraph: serviceName, err: error }, 'subgraph error without a code');
  } else {
    log.error({ requestId, err: error }, 'plan could not be executed');
  }
  const masked = internalError({ requestId });
  return new GraphQLError(masked.message, { extensions: masked.extensions, ...(error instanceof GraphQLError ? pathInAnswer(error) : {}) });
}

/**
 * Why a value of the answer had to be nulled though no subgraph reported a failure: an entity that another subgraph
 * names is gone, or is not the caller's to see.
 */
export function missingEntity({ message, path }: GraphQLError, requestId: string, log: Log): GraphQLError {
  const place = path === undefined ? {} : { path };
  if (message.startsWith('Cannot return null')) {
    const { extensions, message: text } = notFound({ what: (path ?? []).join('.') });
    return new GraphQLError(text, { extensions, ...place });
  }
  log.error({ requestId, path, fault: message }, 'a subgraph answered a value that its schema does not allow');
  const masked = internalError({ requestId });
  return new GraphQLError(masked.message, { extensions: masked.extensions, ...place });
}

/** The executor leaves `@` where it could not tell which element of a list an error concerns. */
function pathInAnswer({ path }: GraphQLError): { path?: readonly (string | number)[] } {
  return path && path.length > 0 && !path.includes('@') ? { path } : {};
}
