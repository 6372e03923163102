import { listen, type Log } from '@hutong/common';
import type { MetricsAnswer } from '@hutong/common/telemetry';
import { acceptUnencodedTargets, contracts, restCompat } from '@hutong/rest-compat';
import { ApolloGraph } from '../federation/apollo-graph.js';
import type { GatewaySettings } from '../environment.js';
import { createApp } from '../http/app.js';
import { graphqlRoute } from '../http/graphql-route.js';
import { createGraphqlServer } from '../http/graphql-server.js';
import { Readiness } from '../http/readiness.js';
import { Identity } from '../identity/identity.js';
import { LiveGraph } from '../subscriptions/live-graph.js';
import { observed } from '../telemetry/http-exchange.js';
import { playground } from '../playground/playground.js';
import { StoredGraph } from '../stored/stored-graph.js';
import { storedRoute } from '../stored/stored-route.js';
import { clientDocuments } from '../trusted/client-documents.js';
import { identitySource } from './identity.operations.js';
import type { OpenSubgraphs } from './open-subgraphs.js';
import { readSupergraph } from './supergraph.source.js';

const RUNNING_REQUESTS_MS = 30_000;

/** The gateway while it serves. */
export interface ServedGraph {
  readonly port: number;
  /** Says that nothing of the start is left to do: the platform is ready from now on. */
  started(): void;
  /** Lets running requests finish; the subgraphs must be open until this has resolved. */
  stop(): Promise<void>;
}

/** Serves the federated graph, the legacy contracts and the playground over the open subgraphs. */
export async function serveGraph(subgraphs: OpenSubgraphs, settings: GatewaySettings, log: Log, metrics?: MetricsAnswer): Promise<ServedGraph> {
  const { connections, local, tokens, forPeers } = subgraphs;
  const { limits, subgraphTimeoutMs } = settings;
  const supergraphSdl = await readSupergraph(subgraphs, settings.supergraphFile);
  const graph = new ApolloGraph({ supergraphSdl, connections, subgraphTimeoutMs, responseBytes: limits.responseBytes, log });
  const identity = new Identity({ source: identitySource, connections, rememberedMs: settings.credentialCacheMs, log });
  const readiness = new Readiness([...connections.keys()], connections, log);
  const stored = new StoredGraph({ graph, identity, revisions: new Map(local.map(({ name, revisions }) => [name, revisions])), readiness, log });
  for (const { operations } of contracts) {
    for (const [operationName, document] of operations.documents) stored.prepare({ text: operations.text(operationName), document, operationName });
  }
  const documents = await clientDocuments(settings);
  documents.trusted?.prepare(graph);
  const server = createGraphqlServer({
    ...documents,
    graph,
    supergraphSdl,
    hideSchemaDetails: settings.production,
    log,
  });
  await server.start();
  const live = new LiveGraph({
    ...documents,
    graph,
    server,
    identity,
    operationsOfSocket: settings.subscriptionsOfConnection,
    initMs: settings.websocketInitMs,
    hideSchemaDetails: settings.production,
    log,
  });
  const app = createApp({
    legacy: restCompat({
      graph: stored,
      settings: {
        log,
        bodyLimitBytes: limits.bodyBytes,
        bulkBodyLimitBytes: settings.bulkBodyBytes,
        requestTimeoutMs: limits.requestMs,
        answerLimitBytes: limits.responseBytes,
        ownOrigins: settings.ownOrigins,
      },
    }),
    internal: [storedRoute(stored, tokens), ...(forPeers ? [forPeers.handler] : [])],
    graphql: graphqlRoute(server, documents.texts, identity, limits, live.handler),
    ...(settings.playground ? { playground: playground() } : {}),
    readiness,
    metrics,
    trustedProxies: settings.trustedProxies,
    log,
  });
  const stopGateway = async () => {
    await server.stop();
    await identity.stop();
  };
  try {
    const listener = await listen(observed(app), settings);
    live.attach(listener.server, app, forPeers?.upgrade.bind(forPeers));
    acceptUnencodedTargets(listener.server);
    return {
      port: listener.port,
      started: () => readiness.started(),
      async stop() {
        readiness.stopping();
        await live.stop();
        await forPeers?.stop();
        await listener.drain(RUNNING_REQUESTS_MS);
        await stopGateway();
      },
    };
  } catch (error) {
    await stopGateway();
    throw error;
  }
}
