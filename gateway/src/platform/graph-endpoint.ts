import { SettingError, SharedQueries, type Log, type SubgraphConnection } from '@hutong/common';
import type { GatewaySettings } from '../environment.js';
import { PlannedGraph, type GraphQueries } from '../federation/planned-graph.js';
import { CurrentGraph } from '../federation/current-graph.js';
import type { FederatedGraph } from '../federation/federated-graph.js';
import { ClientOperations } from '../http/client-operations.js';
import { clientAddress } from '../http/client-address.js';
import { graphqlRoute, type GraphqlRoute } from '../http/graphql-route.js';
import { createGraphqlServer } from '../http/graphql-server.js';
import type { IdentitySource } from '../identity/identity.source.js';
import { Identity } from '../identity/identity.js';
import { LiveGraph } from '../subscriptions/live-graph.js';
import { clientDocuments } from '../trusted/client-documents.js';
import { SupergraphReload } from './supergraph-reload.js';

export interface GraphEndpointOptions {
  settings: GatewaySettings;
  /** By the name of the subgraph. */
  connections: ReadonlyMap<string, SubgraphConnection>;
  identitySource: IdentitySource;
  /** Reads the text of the supergraph where it comes from. */
  read: () => Promise<string>;
  /** What else every graph has to pass before it is used. @throws Error that says why it cannot be used */
  prepare?: (graph: FederatedGraph) => Promise<void>;
  log: Log;
}

/** The federated graph with all that clients reach it by, still without a port. */
export interface GraphEndpoint {
  readonly current: CurrentGraph;
  readonly supergraph: SupergraphReload;
  readonly identity: Identity;
  /** Attached to the server that listens, and stopped before it drains. */
  readonly live: LiveGraph;
  /** Called before something is answered that may have changed what queries see, beside mutations of the graph. */
  readonly changed: () => void;
  /** `/graphql` over HTTP and SSE. */
  readonly route: GraphqlRoute;
  /** After the last request. */
  stop(): Promise<void>;
}

/** @throws SettingError when the supergraph, or the list of trusted operations, cannot be used */
export async function openGraphEndpoint({ settings, connections, identitySource, read, prepare, log }: GraphEndpointOptions): Promise<GraphEndpoint> {
  const { limits, subgraphTimeoutMs, production: hideSchemaDetails } = settings;
  const documents = await clientDocuments(settings);
  const { texts } = documents;
  const queries: GraphQueries | undefined = settings.subgraphSharedQueries ? new SharedQueries({ lastIsAnswered: true }) : undefined;
  const changed = (): void => {
    queries?.changed();
    for (const connection of connections.values()) connection.changed?.();
  };
  const prepared = async (supergraphSdl: string) => {
    const graph = new PlannedGraph({ supergraphSdl, connections, subgraphTimeoutMs, planningMs: documents.limits.planningMs, responseBytes: limits.responseBytes, executor: settings.planExecutor, queries, changed, log });
    await prepare?.(graph);
    return graph;
  };
  const current = new CurrentGraph(await prepared(await read()).catch(namedFault(settings.supergraphFile)));
  await texts.trusted?.prepare(current.graph);
  const supergraph = new SupergraphReload({ current, texts, read, prepare: prepared, log });
  const identity = new Identity({ source: identitySource, connections, rememberedMs: settings.credentialCacheMs, log });
  const operations = new ClientOperations({ ...documents, hideSchemaDetails, log });
  const server = createGraphqlServer({ ...documents, current, hideSchemaDetails, log }, operations);
  await server.start();
  const addressOf = clientAddress(settings.trustedProxies);
  const live = new LiveGraph({
    ...documents,
    current,
    server,
    identity,
    addressOf,
    operationsOfSocket: settings.subscriptionsOfConnection,
    initMs: settings.websocketInitMs,
    hideSchemaDetails,
    log,
  });
  return {
    current,
    supergraph,
    identity,
    live,
    changed,
    route: graphqlRoute({ current, server, operations, texts, identity, addressOf, limits, uploads: settings.uploads, streams: live.handler, log }),
    async stop() {
      await server.stop();
      await identity.stop();
    },
  };
}

/** At the start a file that cannot be used is a fault of the setting. */
const namedFault = (file: string | undefined) => (error: unknown): never => {
  if (file === undefined || error instanceof SettingError) throw error;
  throw new SettingError(`SUPERGRAPH_FILE: ${(error as Error).message}; for example SUPERGRAPH_FILE=schema/supergraph.graphql`);
};
