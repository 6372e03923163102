import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { PARTS } from '../testkit/platform.js';
import { isRunning, postgresPid, until } from '../testkit/processes.js';
import { SAMPLE_ORGANIZATION } from '../testkit/sample.js';
import { stream, subscribe } from '../testkit/subscription.js';
import { allocates, WebhookServer } from '../testkit/webhook.server.js';

// A platform that is told to stop: whoever balances load sees it, who is served is served to the end, who listens comes back.

const TASKS = 'subscription { taskChanged { id state } }';

let world: InterconnectWorld;
let provider: WebhookServer;
beforeAll(async () => {
  world = await interconnectWorld({ database: 'embedded', environment: { SCHEDULING_WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' } });
  provider = await WebhookServer.start();
});
afterAll(async () => {
  await provider?.[Symbol.asyncDispose]();
  await world?.platform.dispose();
});

/** Has the provider of every resource answer only when the function it returns is called. */
async function slowProvider(): Promise<() => void> {
  const answered = Promise.withResolvers<void>();
  provider.behave((response, request) => void answered.promise.then(() => allocates('https://provider.example/late')(response, request)));
  await world.root.ask('mutation ($input: SaveProviderInput!) { saveProvider(input: $input) { webhookUrl } }', {
    input: { organization: SAMPLE_ORGANIZATION, webhookUrl: provider.url, webhookSecret: 'a secret of this test', allocationTimeoutSeconds: 20 },
  });
  return answered.resolve;
}

test('on SIGTERM readiness goes red, a running request gets its answer, subscribers are told to come back, and nothing is left running', async () => {
  const { platform, alice } = world;
  const answer = await slowProvider();
  const { taskId, resourceId } = await world.offered({ gpu_available: 1 }, { gpu_available: 1 });
  const [socket, events] = [await subscribe(alice, TASKS), await stream(alice, TASKS)];
  await delay(500);
  const running = world.choose(taskId, resourceId);
  await until('the provider to be asked', () => provider.requests.length > 0);
  const pids = [platform.pid, ...PARTS.map((part) => platform.pidOf(part)), (await postgresPid(platform.dataDirectory))!];

  const stopped = platform.stop();
  await until('readiness to go red', async () => (await fetch(`${platform.url}/readyz`)).status === 503);
  expect([await socket.closed, await events.closed]).toEqual([1001, 'complete']);
  expect(pids.every(isRunning)).toBe(true);
  answer();
  expect((await running).body).toEqual({ code: 0, message: 'ok', data: { computing_resource_url: 'https://provider.example/late' } });
  expect(await stopped).toBe(0);
  expect(pids.filter(isRunning)).toEqual([]);
  expect(await postgresPid(platform.dataDirectory)).toBeUndefined();
  expect([...socket.errors, ...events.errors]).toEqual([]);
});

test('what was stored is there after the next start', async () => {
  const { platform, alice } = world;
  await platform.start();
  expect((await alice.ask('{ tasks { nodes { state resourceUrl } } }')).tasks.nodes).toEqual([{ state: 'ALLOCATED', resourceUrl: 'https://provider.example/late' }]);
});

test('a second signal waits for nobody', async () => {
  const { platform } = world;
  const answer = await slowProvider();
  const { taskId, resourceId } = await world.offered({ gpu_available: 1 }, { gpu_available: 1 });
  const lost = expect(world.choose(taskId, resourceId)).rejects.toThrow('fetch failed');
  await until('the provider to be asked', () => provider.requests.length > 0);
  const pids = [platform.pid, ...PARTS.map((part) => platform.pidOf(part))];
  const stopped = platform.stop();
  await until('readiness to go red', async () => (await fetch(`${platform.url}/readyz`)).status === 503);
  process.kill(platform.pid, 'SIGTERM');
  expect(await stopped).toBe(0);
  await lost;
  await until('the end of every process', () => !pids.some(isRunning));
  expect(await postgresPid(platform.dataDirectory)).toBeUndefined();
  answer();
});
