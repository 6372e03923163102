// A process of an upload's way, for measuring: `gateway <folder>`, `gateway <folder> <url of the subgraph>`, or
// `subgraph <folder>`. It prints its port, and ends when its stdin does.
import { CallerTokens, silentLog } from '@hutong/common';
import { RemoteConnection, serveEndpoint, SubgraphEndpoint } from '@hutong/common/remote';
import { FilesSubgraph } from './files-subgraph.js';
import { testGateway } from './test-gateway.js';

const SECRET = 'the secret of a measured upload';

const [, , role, folder = '', url] = process.argv;
const files = new FilesSubgraph(folder);

async function subgraphPort(): Promise<string> {
  const endpoint = new SubgraphEndpoint({ name: 'files', schema: files.schema, connection: files.connection }, new CallerTokens(SECRET), silentLog);
  const { port } = await serveEndpoint(endpoint, { host: '127.0.0.1', port: 0 });
  return String(port);
}

async function gatewayPort(): Promise<string> {
  const connection = url === undefined ? files.connection : new RemoteConnection({ name: 'files', url, secret: SECRET, log: silentLog });
  const gateway = await testGateway({}, silentLog, [{ sdl: files.sdl, connection }]);
  return new URL(gateway.url).port;
}

process.stdin.resume().once('end', () => process.exit(0));
process.stdout.write(`${await (role === 'subgraph' ? subgraphPort() : gatewayPort())}\n`);
