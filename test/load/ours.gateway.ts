// This platform's gateway as it is shipped, over subgraphs in another process. With the argument `watched` everything that it
// does is counted, and heard for traces.
import { readFile } from 'node:fs/promises';
import { listen, silentLog } from '@hutong/common';
import { RemoteConnection } from '@hutong/common/remote';
import { createApp, observed, openGraphEndpoint, openTelemetry, readGatewaySettings, Readiness } from '@hutong/gateway';
import { identityConnection, identitySource } from './load.identity.ts';
import { given, measured } from './measured.process.ts';

const SECRET = 'the secret of this measurement';
/** Traces are asked for and none is sampled: what a trace costs is its own. */
const WATCHED = { METRICS: 'true', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'always_off' };

const { supergraphFile, urls } = given();
// The deep query asks for lists without pages in lists without pages.
const settings = readGatewaySettings({ ...process.env, PORT: '0', NODE_ENV: 'production', LIMIT_COST: '10000000', ...(process.argv[3] === 'watched' ? WATCHED : {}) });
const log = silentLog;
const { metrics } = await openTelemetry(settings, log);
const remote = Object.entries(urls).map(([name, url]) => new RemoteConnection({ name, url, secret: SECRET, client: settings.subgraphClient, log }));
const connections = new Map([...remote, identityConnection].map((connection) => [connection.name, connection]));
const endpoint = await openGraphEndpoint({ settings, connections, identitySource, read: () => readFile(supergraphFile, 'utf8'), log });
const app = createApp({ graphql: endpoint.route, readiness: new Readiness(Object.keys(urls), connections, log), metrics, trustedProxies: settings.trustedProxies, log });
const { port } = await listen(observed(app), settings);
measured(`http://127.0.0.1:${port}/graphql`);
