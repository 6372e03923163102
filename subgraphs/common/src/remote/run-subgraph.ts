import { auditIn } from '../audit/audit-trail.js';
import { connectToEmbedded } from '../database/embedded-connection.js';
import { platformSecret } from '../environment/platform-secret.js';
import { startFailureText } from '../environment/start-failure.js';
import type { SubgraphConnection } from '../graph/connection.js';
import { createLog, type Log } from '../log/log.js';
import { ConnectedPeers } from '../peers/peers.js';
import { openSubgraph, type OpenSubgraph } from '../subgraph/open-subgraph.js';
import type { SubgraphModule } from '../subgraph/subgraph-module.js';
import { MetricsAnswer } from '../telemetry/metrics-answer.js';
import { writeRequestLog } from '../telemetry/request-log.js';
import { startTelemetry } from '../telemetry/telemetry.js';
import { CallerTokens } from './caller-token.js';
import { readSubgraphProcessSettings, type SubgraphProcessSettings } from './environment.js';
import { RemoteConnection } from './remote-connection.js';
import { SubgraphEndpoint } from './subgraph-endpoint.js';
import { serveEndpoint } from './subgraph-server.js';

export interface SubgraphRun<Services> {
  module: SubgraphModule<Services>;
  /** Done before the subgraph listens; what it answers is printed, each line on its own. */
  prepare?: (services: Services) => Promise<string[]>;
}

const AUDIT_KEEPER = 'machines';
const RUNNING_REQUESTS_MS = 30_000;
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/**
 * The whole life of a subgraph's process: environment, database, schema, listening, and on a signal (or when the process
 * that started it has gone) the way down again. Resolves with the exit code.
 */
export async function runSubgraph<Services>(run: SubgraphRun<Services>): Promise<number> {
  const { name } = run.module.graph;
  const end = Promise.withResolvers<void>();
  const ending = new AbortController();
  for (const signal of SIGNALS) process.on(signal, () => (ending.signal.aborted ? process.exit(0) : ending.abort()));
  if (process.connected) process.once('disconnect', () => ending.abort());
  ending.signal.addEventListener('abort', () => end.resolve());
  const opened = new AsyncDisposableStack();
  try {
    const settings = readSubgraphProcessSettings(name);
    run.module.checkSettings?.();
    const log = createLog(settings.logLevel, name);
    const telemetry = await startTelemetry(settings.telemetry, `hutong-${name}`);
    opened.defer(() => telemetry.stop());
    opened.defer(writeRequestLog(log));
    const metrics = telemetry.metrics && new MetricsAnswer(telemetry.metrics, settings.telemetry.metricsToken);
    const port = await listen(run, settings, log, opened, metrics);
    say(`${name} listens on http://${settings.host}:${port}`);
    // To whoever keeps this process.
    process.send?.('up');
    await end.promise;
    return 0;
  } catch (error) {
    if (ending.signal.aborted) return 0;
    process.stderr.write(`${startFailureText(error)}\n`);
    return 1;
  } finally {
    await opened.disposeAsync();
  }
}

async function listen<Services>({ module, prepare }: SubgraphRun<Services>, settings: SubgraphProcessSettings, log: Log, opened: AsyncDisposableStack, metrics: MetricsAnswer | undefined): Promise<number> {
  const { name } = module.graph;
  const secret = await platformSecret(settings.secret, settings.dataDirectory);
  const subgraph = await openAlone(module, settings, secret, log, opened);
  for (const line of (await prepare?.(subgraph.services)) ?? []) say(line);
  const endpoint = new SubgraphEndpoint(subgraph, new CallerTokens(secret), log.child({ subgraph: name }), settings.uploads);
  const server = await serveEndpoint(endpoint, settings, metrics);
  opened.defer(() => server.stop(RUNNING_REQUESTS_MS));
  return server.port;
}

async function openAlone<Services>(module: SubgraphModule<Services>, settings: SubgraphProcessSettings, secret: string, log: Log, opened: AsyncDisposableStack): Promise<OpenSubgraph<Services>> {
  const { name } = module.graph;
  const databaseUrl = settings.databaseUrl ?? (await embedded(settings, log, opened));
  const connections = new Map<string, SubgraphConnection>();
  const peers = new ConnectedPeers(connections);
  for (const [peer, url] of Object.entries(settings.urls)) {
    if (peer === name) continue;
    const connection = new RemoteConnection({ name: peer, url, secret, client: settings.client, log });
    connections.set(peer, connection);
    opened.defer(() => connection.close());
  }
  const subgraph = await openSubgraph(module, { databaseUrl, secret, peers, keepAudit: auditIn(AUDIT_KEEPER, peers), notebookOrigin: () => settings.notebookOrigin, log });
  connections.set(name, subgraph.connection);
  opened.defer(() => subgraph.stop());
  return subgraph;
}

async function embedded({ dataDirectory }: SubgraphProcessSettings, log: Log, opened: AsyncDisposableStack): Promise<string> {
  const database = await connectToEmbedded({ dataDirectory, onProgress: say, log });
  opened.defer(() => database.close());
  return database.url;
}
