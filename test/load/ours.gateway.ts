// This platform's gateway as it is shipped, over subgraphs in another process.
import { readFile } from 'node:fs/promises';
import { listen, silentLog } from '@hutong/common';
import { RemoteConnection } from '@hutong/common/remote';
import { answeredBy, createApp, observed, openGraphEndpoint, readGatewaySettings, Readiness } from '@hutong/gateway';
import { given, measured } from './measured.process.js';
import { identityConnection, identitySource } from './load.identity.js';

const SECRET = 'the secret of this measurement';
const { supergraphFile, urls } = given();
// The deep query asks for lists without pages in lists without pages.
const settings = readGatewaySettings({ ...process.env, PORT: '0', NODE_ENV: 'production', LIMIT_COST: '10000000' });
const log = silentLog;
const remote = Object.entries(urls).map(([name, url]) => new RemoteConnection({ name, url, secret: SECRET, log }));
const connections = new Map([...remote, identityConnection].map((connection) => [connection.name, connection]));
const endpoint = await openGraphEndpoint({ settings, connections, identitySource, read: () => readFile(supergraphFile, 'utf8'), log });
const app = createApp({ graphql: endpoint.route, readiness: new Readiness(Object.keys(urls), connections, log), trustedProxies: settings.trustedProxies, log });
const { port } = await listen(observed(answeredBy(app)), settings);
measured(`http://127.0.0.1:${port}/graphql`);
