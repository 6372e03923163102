import { deleteEmbeddedPostgres } from '@hutong/common';
import { testDatabase } from '@hutong/common/testkit';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { freePort } from '../testkit/free-port.js';
import { until } from '../testkit/processes.js';
import { startServer, type ServerProcess } from '../testkit/server-process.js';

const HUTONG_SECRET = 'the secret of both processes';

const ending = new AsyncDisposableStack();
afterAll(() => ending.disposeAsync());

async function started(main: string, environment: Record<string, string>): Promise<ServerProcess> {
  const server = await startServer(main, { HUTONG_SECRET, ...environment });
  ending.defer(async () => void (await server.stop()));
  return server;
}

async function ask(url: string, query: string) {
  const response = await fetch(`${url}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query }) });
  return (await response.json()) as { data?: Record<string, unknown>; errors?: { extensions: { code: string } }[] };
}

test('a gateway starts while a subgraph is down, says so, and picks it up when it comes', async () => {
  const database = await testDatabase();
  ending.defer(() => database.drop());
  const HUTONG_DATA_DIR = await mkdtemp(join(tmpdir(), 'hutong-late-'));
  ending.defer(() => deleteEmbeddedPostgres(HUTONG_DATA_DIR));
  const [port, late] = [await freePort(), await freePort()];
  const DATABASE_URL = database.url;
  const gateway = await started('gateway/dist/main.js', { PORT: String(port), HUTONG_DATA_DIR, DATABASE_URL, SUBGRAPH_SCHEDULING_URL: `http://127.0.0.1:${late}` });

  const before = await fetch(`${gateway.url}/readyz`);
  expect([before.status, await before.json()]).toEqual([503, { status: 'unavailable', unavailable: ['scheduling'] }]);
  const tasks = '{ tasks(first: 1) { totalCount } }';
  expect((await ask(gateway.url, tasks)).errors).toMatchObject([{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  expect(await ask(gateway.url, '{ me { username } }')).toEqual({ data: { me: null } });

  const atGateway = (name: string) => `http://127.0.0.1:${port}/subgraphs/${name}`;
  await started('subgraphs/scheduling/dist/main.js', { PORT: String(late), DATABASE_URL, SUBGRAPH_COMPUTE_REGISTRY_URL: atGateway('compute-registry'), SUBGRAPH_MACHINES_URL: atGateway('machines') });
  await until('the gateway to be ready', async () => (await fetch(`${gateway.url}/readyz`)).ok);
  await until('the subgraph to be found', async () => (await ask(gateway.url, tasks)).errors?.[0]?.extensions.code === 'UNAUTHENTICATED');
});
