import { HutongError, internalError, notFound, type Log } from '@hutong/common';
import { GraphQLError, type GraphQLFormattedError } from 'graphql';

/** What the executor gives an error that came without a code. */
const EXECUTOR_CODE = 'DOWNSTREAM_SERVICE_ERROR';

/** An expected failure as an error of the graph's answer; `originalError` is the failure. */
export function graphError(failure: HutongError, path?: GraphQLError['path']): GraphQLError {
  return new GraphQLError(failure.message, { extensions: failure.extensions, originalError: failure, ...(path ? { path } : {}) });
}

/**
 * An error of the plan's execution as a caller may see it: a subgraph's with its own message and extensions, and
 * everything that the executor itself stumbled over masked and logged.
 */
export function callerError(error: unknown, requestId: string, log: Log): GraphQLError {
  if (error instanceof HutongError) return graphError(error);
  if (!(error instanceof GraphQLError) || typeof error.extensions.serviceName !== 'string') {
    log.error({ requestId, err: error }, 'plan could not be executed');
    return graphError(internalError({ requestId }));
  }
  const { serviceName, code, ...extensions } = error.extensions;
  if (typeof code === 'string' && code !== EXECUTOR_CODE) {
    return graphError(new HutongError(code, 500, error.message, { extensions }), pathInAnswer(error));
  }
  log.error({ requestId, subgraph: serviceName, err: error }, 'subgraph error without a code');
  return graphError(internalError({ requestId }), pathInAnswer(error));
}

/** An error as a subgraph's connection tells it, in the form that the plan executor gives to it. */
export function ofSubgraph({ message, path, extensions }: GraphQLFormattedError, subgraph: string): GraphQLError {
  return new GraphQLError(message, { ...(path ? { path } : {}), extensions: { ...extensions, serviceName: subgraph } });
}

/**
 * Why a value of the answer had to be nulled though no subgraph reported a failure: an entity that another subgraph
 * names is gone, or is not the caller's to see.
 */
export function missingEntity({ message, path }: GraphQLError, requestId: string, log: Log): GraphQLError {
  if (message.startsWith('Cannot return null')) return graphError(notFound({ what: (path ?? []).join('.') }), path);
  log.error({ requestId, path, fault: message }, 'a subgraph answered a value that its schema does not allow');
  return graphError(internalError({ requestId }), path);
}

/** The executor leaves `@` where it could not tell which element of a list an error concerns. */
function pathInAnswer({ path }: GraphQLError): GraphQLError['path'] {
  return path && path.length > 0 && !path.includes('@') ? path : undefined;
}
