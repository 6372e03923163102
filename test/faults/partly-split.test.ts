import { testDatabase } from '@hutong/common/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../testkit/free-port.js';
import { IDS, interconnectWorld, OK, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';
import { startServer, type ServerProcess } from '../testkit/server-process.js';
import { subscribe } from '../testkit/subscription.js';

// Scheduling in a process and a database of its own, all else in the gateway's process.

const HUTONG_SECRET = 'the secret of both processes';
const MUTATIONS = ['registerComputingIdentifiers', 'reportComputingResources', 'submitTask', 'chooseTaskPath'];

let world: InterconnectWorld;
let scheduling: ServerProcess;
let database: Awaited<ReturnType<typeof testDatabase>>;
beforeAll(async () => {
  database = await testDatabase();
  const port = await freePort();
  const atGateway = (name: string) => `http://127.0.0.1:${port}/subgraphs/${name}`;
  scheduling = await startServer('subgraphs/scheduling/dist/main.js', {
    HUTONG_SECRET,
    DATABASE_URL: database.url,
    SUBGRAPH_COMPUTE_REGISTRY_URL: atGateway('compute-registry'),
    SUBGRAPH_MACHINES_URL: atGateway('machines'),
  });
  world = await interconnectWorld({ environment: { PORT: String(port), HUTONG_SECRET, SUBGRAPH_SCHEDULING_URL: scheduling.url } });
});
afterAll(async () => {
  await world?.platform.dispose();
  await scheduling?.stop();
  await database?.drop();
});

test('a provider registers and reports, a user submits, chooses and gets an address, and hears of it', async () => {
  const { provider, alice, root, newModel, report, submit, choose } = world;
  const gpuModel = newModel();
  const changes = await subscribe(alice, 'subscription { taskChanged { state task { id chosen { gpuModel } } } }');
  expect((await provider.interconnect('POST', IDS, { computing_ids: [SAMPLE_IDENTIFIER] })).body).toEqual(OK);
  expect((await report(sampleReport({ gpu_model: gpuModel, gpu_available: 1 }))).body).toEqual(OK);
  const heard = changes.until(1);
  const { task_id: taskId, results } = await submit({ gpu_model: gpuModel, gpu_available: 1 });
  await heard;
  expect((await choose(taskId, results[0]!.id)).body).toEqual({ ...OK, data: { computing_resource_url: 'http://192.168.1.1:80' } });
  expect(await world.reserved(results[0]!.id)).toEqual({ gpu: 1, cpu: 0 });
  await expect.poll(() => changes.events.at(-1), { timeout: 10_000 }).toEqual({ taskChanged: { state: 'ALLOCATED', task: { id: String(taskId), chosen: { gpuModel } } } });
  await changes.end();
  const { auditLog } = await root.ask('{ auditLog(first: 50) { nodes { action actor { username } subject outcome } } }');
  for (const action of MUTATIONS) expect(auditLog.nodes).toContainEqual(expect.objectContaining({ action, outcome: 'ok' }));
  expect(auditLog.nodes).toContainEqual(expect.objectContaining({ action: 'submitTask', actor: { username: 'alice' }, subject: expect.stringContaining(String(taskId)) }));
});

test('the subgraphs in the gateway’s process answer other processes of the platform and nobody else', async () => {
  const { platform, root } = world;
  const post = (path: string, headers: Record<string, string> = {}) =>
    fetch(platform.url + path, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query: '{ _service { sdl } }' }) });
  expect((await post('/subgraphs/machines/graphql')).status).toBe(401);
  expect((await post('/subgraphs/machines/graphql', { authorization: `Bearer ${root.credential}` })).status).toBe(401);
  expect((await post('/subgraphs/machines/nothing')).status).toBe(401);
  expect((await post('/subgraphs/scheduling/graphql')).status).toBe(404);
  expect((await post('/subgraphs')).status).toBe(404);
});
