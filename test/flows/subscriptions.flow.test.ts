import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { logIn, stranger, type Actor } from '../testkit/actor.js';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { ADMIN_PASSWORD, startPlatform } from '../testkit/platform.js';
import { SAMPLE_IDENTIFIER, SAMPLE_ORGANIZATION, sampleReport } from '../testkit/sample.js';
import { subscribe, type Subscription } from '../testkit/subscription.js';

// What happens, told as it happens: with what other subgraphs know, to those who may know it, and never twice.

const TASKS = 'subscription ($after: ID, $id: ID) { taskChanged(after: $after, id: $id) { id state task { id state chosen { id identifier { value organization { name } } } } } }';
const MACHINES = 'subscription ($after: ID) { machineChanged(after: $after) { id machine { id } } }';

let world: InterconnectWorld;
let root: Actor;
let alice: Actor;
beforeAll(async () => {
  world = await interconnectWorld();
  ({ root, alice } = world);
});
afterAll(() => world?.platform.dispose());

let open: Subscription[] = [];
afterEach(async () => {
  await Promise.all(open.map((subscription) => subscription.end()));
  open = [];
});

async function listen(actor: Actor, query: string, variables: Record<string, unknown> = {}): Promise<Subscription> {
  const subscription = await subscribe(actor, query, variables);
  open.push(subscription);
  return subscription;
}

/** Nothing tells a client that its subscription has begun; what happens until it has is not told. */
const begun = () => delay(500);

const save = (id: string, name = `machine ${id}`) =>
  root.ask('mutation ($machine: MachineInput!) { saveMachines(input: { machines: [$machine] }) { id } }', { machine: { id, name, cpus: 1, status: 'RUNNING', memoryBytes: 1, gpu: 'none', ip: '10.0.0.1' } });

test('a task tells its states, each with the resource it got and whose that is', async () => {
  const mine = await listen(alice, TASKS);
  const all = await listen(root, TASKS);
  const others = await listen(world.provider, TASKS);
  await begun();
  const { taskId, resourceId } = await world.offered({ gpu_available: 1 }, { gpu_available: 1 });
  await world.choose(taskId, resourceId);
  const seen = (await mine.until(3)).map(({ taskChanged }) => taskChanged);
  expect(seen.map(({ state }) => state as string)).toEqual(['OFFERED', 'ALLOCATING', 'ALLOCATED']);
  expect(seen.at(-1).task).toEqual({ id: String(taskId), state: 'ALLOCATED', chosen: { id: String(resourceId), identifier: { value: SAMPLE_IDENTIFIER, organization: { name: '中科曙光' } } } });
  expect((await all.until(seen.length)).map(({ taskChanged }) => taskChanged.id as string)).toEqual(seen.map(({ id }) => id as string));
  const replayed = await listen(alice, TASKS, { after: seen[0].id, id: String(taskId) });
  expect((await replayed.until(seen.length - 1)).map(({ taskChanged }) => taskChanged.id as string)).toEqual(seen.slice(1).map(({ id }) => id as string));
  expect([others.events, mine.errors, all.errors]).toEqual([[], [], []]);
});

test('machines tell of themselves to those who may see them, from when they may', async () => {
  const grant = (id: string) => root.ask('mutation ($id: ID!) { grantMachine(input: { machineId: $id, everyone: true }) { id } }', { id });
  for (const id of ['501', '503']) await save(id);
  await grant('503');
  const [admins, members] = [await listen(root, MACHINES), await listen(alice, MACHINES)];
  await begun();
  await save('501', 'renamed');
  await save('503', 'renamed, too');
  // Whether an event may be seen is decided when it is told: the grant waits until both were.
  expect(await members.until(1)).toMatchObject([{ machineChanged: { machine: { id: '503' } } }]);
  await grant('501');
  await save('501', 'renamed again');
  const all = await admins.until(3);
  expect(await members.until(2)).toEqual(all.slice(1));
  expect([members.errors, admins.errors]).toEqual([[], []]);
});

test('resources tell of themselves as they are reported, by organization', async () => {
  const query = 'subscription ($organization: String) { computingResourceReported(organization: $organization) { gpuModel price identifier { organization { code } } } }';
  const [here, elsewhere] = [await listen(alice, query, { organization: SAMPLE_ORGANIZATION }), await listen(alice, query, { organization: '20001' })];
  await begun();
  const model = world.newModel();
  await world.report(sampleReport({ gpu_model: model, price: 7 }));
  expect(await here.until(1)).toEqual([{ computingResourceReported: { gpuModel: model, price: 7, identifier: { organization: { code: SAMPLE_ORGANIZATION } } } }]);
  expect([elsewhere.events, elsewhere.errors]).toEqual([[], []]);
});

describe('those who may not', () => {
  test('are told so: without a credential, and without one that is good', async () => {
    const nobody = await listen(stranger(world.platform), MACHINES);
    while (nobody.errors.length === 0) await delay(5);
    expect(nobody.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
    const forged = await listen({ ...alice, platform: world.platform, credential: 'forged' } as Actor, MACHINES);
    expect(await forged.closed).toBe(4403);
  });

  test('are told no more once they have logged out', async () => {
    const session = await logIn(world.platform, 'admin', ADMIN_PASSWORD);
    const subscription = await listen(session, MACHINES);
    const stays = await listen(root, MACHINES);
    await begun();
    await session.ask('mutation { logOut }');
    expect(await subscription.closed).toBe(4403);
    await save('502');
    await stays.until(1);
    expect(subscription.events).toEqual([]);
  });
});

test('a platform that stops says so, and is not held up by its subscribers', async () => {
  const stopping = await startPlatform();
  try {
    const session = await logIn(stopping, 'admin', ADMIN_PASSWORD);
    const subscription = await subscribe(session, MACHINES);
    await begun();
    expect(await stopping.stop()).toBe(0);
    expect(await subscription.closed).toBe(1001);
  } finally {
    await stopping.dispose();
  }
});

test.each(['README.md', 'README.zh.md'])('the line of %s for curl prints what happens', async (readme) => {
  const text = await readFile(join(import.meta.dirname, '../..', readme), 'utf8');
  const line = [...text.matchAll(/```sh\n(.*?)```/gs)].map(([, block]) => block!).find((block) => block.includes('text/event-stream'))!;
  const script = line.replaceAll('localhost:4000', new URL(world.platform.url).host).replace('curl -sN', 'curl -sN --max-time 3');
  const printing = promisify(execFile)('bash', ['-uc', `${script}\ntrue`], { env: { ...process.env, TICKET: root.credential!, json: 'Content-Type: application/json' } });
  await begun();
  await delay(500);
  await world.offered();
  const { stdout } = await printing;
  expect(stdout).toMatch(/^event: next\ndata: \{"data":\{"taskChanged":\{/m);
});
