import { listen, SettingError, type Log } from '@hutong/common';
import type { MetricsAnswer } from '@hutong/common/telemetry';
import { acceptUnencodedTargets, contracts, restCompat } from '@hutong/rest-compat';
import { ApolloGraph } from '../federation/apollo-graph.js';
import { CurrentGraph } from '../federation/current-graph.js';
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
import { StoredOperations } from '../stored/stored-operations.js';
import { storedRoute } from '../stored/stored-route.js';
import { clientDocuments } from '../trusted/client-documents.js';
import { identitySource } from './identity.operations.js';
import type { OpenSubgraphs } from './open-subgraphs.js';
import { readSupergraph } from './supergraph.source.js';
import { SupergraphReload } from './supergraph-reload.js';
import { watchFile } from './watched-file.js';

const RUNNING_REQUESTS_MS = 30_000;

/** The gateway while it serves. */
export interface ServedGraph {
  readonly port: number;
  /** Says that nothing of the start is left to do: the platform is ready from now on. */
  started(): void;
  /** Reads the supergraph again, and goes on with it when it has changed and fits; the log says what became of it. */
  reload(): Promise<void>;
  /** Lets running requests finish; the subgraphs must be open until this has resolved. */
  stop(): Promise<void>;
}

/** Serves the federated graph, the legacy contracts and the playground over the open subgraphs. */
export async function serveGraph(subgraphs: OpenSubgraphs, settings: GatewaySettings, log: Log, metrics?: MetricsAnswer): Promise<ServedGraph> {
  const { connections, local, tokens, forPeers } = subgraphs;
  const { limits, subgraphTimeoutMs } = settings;
  const documents = await clientDocuments(settings);
  const operations = new StoredOperations(contracts.flatMap(({ operations: stored }) => [...stored.documents].map(([operationName, document]) => ({ text: stored.text(operationName), document, operationName }))));
  const prepare = async (supergraphSdl: string) => {
    const graph = new ApolloGraph({ supergraphSdl, connections, subgraphTimeoutMs, responseBytes: limits.responseBytes, log });
    await operations.prepare(graph);
    return graph;
  };
  const read = () => readSupergraph(subgraphs, settings.supergraphFile);
  const current = new CurrentGraph(await prepare(await read()).catch(namedFault(settings.supergraphFile)));
  const { texts } = documents;
  texts.trusted?.prepare(current.graph);
  const supergraph = new SupergraphReload({ current, texts, read, prepare, log });
  const identity = new Identity({ source: identitySource, connections, rememberedMs: settings.credentialCacheMs, log });
  const readiness = new Readiness([...connections.keys()], connections, log);
  const stored = new StoredGraph({ current, operations, identity, revisions: new Map(local.map(({ name, revisions }) => [name, revisions])), readiness, log });
  const server = createGraphqlServer({
    ...documents,
    current,
    hideSchemaDetails: settings.production,
    log,
  });
  await server.start();
  const live = new LiveGraph({
    ...documents,
    current,
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
        ...settings.contracts,
      },
    }),
    internal: [storedRoute(stored, tokens), ...(forPeers ? [forPeers.handler] : [])],
    graphql: graphqlRoute(server, texts, identity, limits, settings.uploads, live.handler),
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
    const unwatch = settings.supergraphFile === undefined ? () => undefined : watchFile(settings.supergraphFile, () => void supergraph.reload(), log);
    return {
      port: listener.port,
      started: () => readiness.started(),
      reload: () => supergraph.reload(),
      async stop() {
        readiness.stopping();
        unwatch();
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

/** At the start a file that cannot be used is a fault of the setting. */
const namedFault = (file: string | undefined) => (error: unknown): never => {
  if (file === undefined || error instanceof SettingError) throw error;
  throw new SettingError(`SUPERGRAPH_FILE: ${(error as Error).message}; for example SUPERGRAPH_FILE=schema/supergraph.graphql`);
};
