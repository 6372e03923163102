import { listen, type Log } from '@hutong/common';
import type { MetricsAnswer } from '@hutong/common/telemetry';
import { acceptUnencodedTargets, contracts, restCompat } from '@hutong/rest-compat';
import type { GatewaySettings } from '../environment.js';
import { createApp } from '../http/app.js';
import { Readiness } from '../http/readiness.js';
import { observed } from '../telemetry/http-exchange.js';
import { playground } from '../playground/playground.js';
import type { PublicOrigins } from '../routes/public-origins.js';
import { listenForNotebooks } from '../routes/route-listener.js';
import { SubgraphRoutes } from '../routes/subgraph-routes.js';
import { StoredGraph } from '../stored/stored-graph.js';
import { StoredOperations } from '../stored/stored-operations.js';
import { storedRoute } from '../stored/stored-route.js';
import { openGraphEndpoint } from './graph-endpoint.js';
import { identitySource } from './identity.operations.js';
import type { OpenSubgraphs } from './open-subgraphs.js';
import { readSupergraph } from './supergraph.source.js';
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

export interface ServingOptions {
  settings: GatewaySettings;
  /** Told where notebooks are, once they are. */
  origins: PublicOrigins;
  log: Log;
  /** Served on the gateway's own port when they are given. */
  metrics: MetricsAnswer | undefined;
}

/** Serves the federated graph, the legacy contracts and the playground over the open subgraphs. */
export async function serveGraph(subgraphs: OpenSubgraphs, { settings, origins, log, metrics }: ServingOptions): Promise<ServedGraph> {
  const { connections, local, tokens, forPeers } = subgraphs;
  const operations = new StoredOperations(contracts.flatMap(({ operations: stored }) => [...stored.documents].map(([operationName, document]) => ({ text: stored.text(operationName), document, operationName }))));
  const endpoint = await openGraphEndpoint({
    settings,
    connections,
    identitySource,
    read: () => readSupergraph(subgraphs, settings.supergraphFile),
    prepare: (graph) => operations.prepare(graph),
    log,
  });
  const { current, supergraph, identity, live, changed } = endpoint;
  const readiness = new Readiness([...connections.keys()], connections, log);
  const stored = new StoredGraph({ current, operations, identity, revisions: new Map(local.map(({ name, revisions }) => [name, revisions])), readiness, log });
  const routes = new SubgraphRoutes({ routes: subgraphs.routes, identity, sessions: subgraphs.sessions, notebookOrigin: () => origins.ofNotebooks, changed, log });
  const app = createApp({
    routes: routes.handler('api'),
    legacy: restCompat({
      graph: stored,
      settings: { ...settings.contracts, playground: settings.playground ? '/' : undefined, log },
    }),
    internal: [storedRoute(stored, tokens, settings.uploads), ...(forPeers ? [forPeers.handler] : [])],
    graphql: endpoint.route,
    ...(settings.playground ? { playground: playground() } : {}),
    readiness,
    metrics,
    trustedProxies: settings.trustedProxies,
    log,
  });
  const listening = new AsyncDisposableStack();
  try {
    const { host, port, notebookPort } = settings;
    const isShared = settings.workers > 1;
    const listener = await listen(observed(app), { host, port, isShared });
    listening.defer(() => listener.drain(0));
    const notebooks = await listenForNotebooks({ routes, host, port: notebookPort, isShared, trustedProxies: settings.trustedProxies, log });
    origins.listening(notebooks.port);
    live.attach(listener.server, (request, socket, head, address) => routes.upgrade('api', request, socket, head, address) || forPeers?.upgrade(request, socket, head) === true);
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
        routes.stop();
        await Promise.all([listener.drain(RUNNING_REQUESTS_MS), notebooks.drain(RUNNING_REQUESTS_MS)]);
        await endpoint.stop();
      },
    };
  } catch (error) {
    await listening.disposeAsync();
    await endpoint.stop();
    throw error;
  }
}
