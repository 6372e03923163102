import { ApolloServer, type ApolloServerPlugin } from '@apollo/server';
import {
  ApolloServerPluginCacheControlDisabled,
  ApolloServerPluginInlineTraceDisabled,
  ApolloServerPluginLandingPageDisabled,
  ApolloServerPluginSchemaReportingDisabled,
  ApolloServerPluginUsageReportingDisabled,
} from '@apollo/server/plugin/disabled';
import type { GatewayExecutor, GatewayInterface } from '@apollo/server-gateway-interface';
import { HutongError, type Log } from '@hutong/common';
import { buildSchema } from 'graphql';
import type { CurrentGraph } from '../federation/current-graph.js';
import type { FederatedGraph } from '../federation/federated-graph.js';
import { answerText } from '../limits/answer.check.js';
import type { Limits } from '../limits/limits.js';
import { operationPlugin } from '../telemetry/operation.plugin.js';
import { ClientOperations } from './client-operations.js';
import { documentStore } from './document-store.js';
import { errorFormat } from './error-format.js';
import { statusError } from './failure.js';
import type { GraphqlRequestContext } from './graphql-request.js';
import { responseStatus } from './response-status.js';

export interface GraphqlServerOptions {
  current: CurrentGraph;
  limits: Limits;
  /** Whether clients may ask for the schema. */
  introspection: boolean;
  /** Leaves out of errors what would tell of fields that the caller did not name. */
  hideSchemaDetails: boolean;
  log: Log;
}

/** Apollo Server in front of the federated graph: parsing, HTTP semantics, CSRF prevention and draining. Not started. */
export function createGraphqlServer(options: GraphqlServerOptions, operations = new ClientOperations(options)): ApolloServer<GraphqlRequestContext> {
  const { current, limits, log } = options;
  const { gateway, plugin } = federatedGateway(current, operations);
  return new ApolloServer<GraphqlRequestContext>({
    gateway,
    allowBatchedHttpRequests: false,
    csrfPrevention: true,
    persistedQueries: false,
    documentStore: documentStore(),
    // Ours validates, for every transport: see DocumentCheck.
    dangerouslyDisableValidation: true,
    includeStacktraceInErrorResponses: false,
    stopOnTerminationSignals: false,
    parseOptions: { maxTokens: limits.tokens },
    formatError: errorFormat({ log, tokens: limits.tokens }),
    stringifyResult: (result) => stringifyWithin(result, limits.responseBytes),
    logger: log,
    plugins: [
      ApolloServerPluginCacheControlDisabled(),
      ApolloServerPluginInlineTraceDisabled(),
      ApolloServerPluginLandingPageDisabled(),
      ApolloServerPluginSchemaReportingDisabled(),
      ApolloServerPluginUsageReportingDisabled(),
      plugin,
      textPlugin,
      statusPlugin,
      operationPlugin,
    ],
  });
}

/** A document was found before, whatever the request named it by. */
const textPlugin: ApolloServerPlugin<GraphqlRequestContext> = {
  async requestDidStart({ request, contextValue }) {
    request.query = contextValue.text;
    delete request.extensions?.persistedQuery;
  },
};

const statusPlugin: ApolloServerPlugin<GraphqlRequestContext> = {
  async requestDidStart() {
    return {
      async willSendResponse({ response, contextValue, errors }) {
        if (response.body.kind !== 'single') return;
        const status = responseStatus(response.body.singleResult, errors ?? [], contextValue.graphqlResponse, response.http.status);
        if (status !== undefined) response.http.status = status;
      },
    };
  },
};

/** Apollo Server never lets go of the schema that it starts with, so that is the schema of no graph. */
const AT_START = buildSchema('type Query { starting: Boolean }');

/** The current graph as Apollo Server has it: the plugin gives it the first one when it has started. */
function federatedGateway(current: CurrentGraph, operations: ClientOperations): { gateway: GatewayInterface; plugin: ApolloServerPlugin<GraphqlRequestContext> } {
  let tell: (graph: FederatedGraph) => void = () => undefined;
  const executor: GatewayExecutor = ({ schema, source, document, operation, request, context }) =>
    operations.answer(
      { graph: current.of(schema), text: source, document, operation, operationName: request.operationName, variables: request.variables ?? {} },
      context as GraphqlRequestContext,
    );
  const gateway: GatewayInterface = {
    onSchemaLoadOrUpdate(callback) {
      callback({ apiSchema: AT_START, coreSupergraphSdl: '' });
      tell = ({ schema, supergraphSdl }) => callback({ apiSchema: schema, coreSupergraphSdl: supergraphSdl });
      return current.onChange(tell);
    },
    load: async () => ({ executor }),
    stop: async () => undefined,
  };
  return { gateway, plugin: { serverWillStart: async () => tell(current.graph) } };
}

function stringifyWithin(result: unknown, bytes: number): string {
  try {
    return answerText(result, bytes);
  } catch (error) {
    throw error instanceof HutongError ? statusError(error) : error;
  }
}
