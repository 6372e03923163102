import { openSubgraph, silentLog, type OpenSubgraph } from '@hutong/common';
import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { schedulingWith, type SchedulingServices } from '../subgraph.js';
import { TEST_SECRET } from '@hutong/common/testkit';
import { Actor, openScheduling, testSettings, type TestScheduling } from '../testkit/scheduling.actor.js';
import { StandInRegistry } from '../testkit/registry.stand-in.js';

let house: TestScheduling;
let registry: StandInRegistry;
let alice: Actor;
let db: Client;
beforeAll(async () => {
  house = await openScheduling();
  registry = house.registry;
  db = new Client({ connectionString: house.subgraph.databaseUrl });
  await db.connect();
});
afterAll(async () => {
  await db.end();
  await house.subgraph.stop();
});
beforeEach(() => {
  alice = new Actor(house.subgraph);
  registry.before = {};
  registry.unavailable = false;
});

const never = () => new Promise<never>(() => {});

/** Another process of the subgraph on the same database. */
async function anotherProcess(peers: StandInRegistry): Promise<OpenSubgraph<SchedulingServices>> {
  const subgraph = await openSubgraph(schedulingWith(() => testSettings()), { databaseUrl: house.subgraph.databaseUrl, secret: TEST_SECRET, peers, keepAudit: async () => {}, log: silentLog });
  return subgraph;
}

/** A stand-in over the same resources and reservations that can be made to hang of its own. */
function sameRegistry(): StandInRegistry {
  const other = new StandInRegistry();
  return Object.assign(other, { resources: registry.resources, reservations: registry.reservations, released: registry.released });
}

/** Has another process begin to allocate and die in the middle, at the given peer call. */
async function crashAt(call: 'reserve' | 'resource', taskId: string, resourceId: number): Promise<void> {
  const peers = sameRegistry();
  const reached = new Promise<void>((resolve) => {
    peers.before[call] = () => {
      resolve();
      return never();
    };
  });
  const doomed = await anotherProcess(peers);
  const scope = { caller: alice.as, origin: 'client' as const, variables: {}, requestId: 'x', signal: new AbortController().signal };
  const document = `mutation { chooseTaskPath(input: { taskId: "${taskId}", computingResourceId: "${resourceId}", accept: true }) { id } }`;
  void doomed.connection.execute({ ...scope, document });
  await reached;
  await doomed.stop();
}

const nextState = async (events: AsyncIterableIterator<{ data: { taskChanged: { state: string } } }>): Promise<string> => (await events.next()).value.data.taskChanged.state;

for (const call of ['reserve', 'resource'] as const) {
  test(`what a process that died at the call "${call}" left is finished at the next start, with the same key`, async () => {
    const { id } = await alice.submit({ gpu_available: 1 });
    const free = registry.resources.get(1)!.gpu;
    await crashAt(call, id, 1);
    expect((await alice.task(id)).state).toBe('ALLOCATING');
    const [{ key }] = (await db.query('select key from scheduling.allocation where task_id = $1', [id])).rows;
    const events = await alice.listen({ id });
    const next = await anotherProcess(sameRegistry());
    onTestFinished(() => next.stop());
    expect(await nextState(events)).toBe('ALLOCATED');
    await events.return?.();
    expect(await alice.task(id)).toMatchObject({ state: 'ALLOCATED', resourceUrl: 'http://192.168.1.1:80' });
    expect(registry.heldOn(1)).toContain(key);
    expect(registry.resources.get(1)!.gpu).toBe(free - 1);
    await alice.release(id);
    expect(registry.resources.get(1)!.gpu).toBe(free);
  });
}

test('a user who chooses again after a crash does not wait for the next start', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await crashAt('resource', id, 1);
  expect((await alice.choose(id, 1)).state).toBe('ALLOCATED');
  expect(registry.heldOn(1)).toHaveLength(1);
  await alice.release(id);
});

test('a user who chooses something else after a crash gets that, and the first is given back', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await crashAt('resource', id, 1);
  expect((await alice.choose(id, 2)).chosen.id).toBe('2');
  expect(registry.heldOn(1)).toHaveLength(0);
  expect(registry.heldOn(2)).toHaveLength(1);
  await alice.release(id);
});

test('a move that a crash interrupted is finished, and the first resource is given back', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  await crashAt('resource', id, 2);
  await house.subgraph.services.reconciler.sweep();
  expect((await alice.task(id)).chosen.id).toBe('2');
  expect([registry.heldOn(1), registry.heldOn(2)].map((keys) => keys.length)).toEqual([0, 1]);
  await alice.release(id);
});

test('what a crash left and can no longer be had is undone, and the task says why', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await crashAt('reserve', id, 3);
  registry.add(3, { gpu: 0 });
  await house.subgraph.services.reconciler.sweep();
  expect(await alice.task(id)).toMatchObject({ state: 'FAILED', stateReason: 'computing resource 3 has no capacity left' });
  registry.add(3);
});

test('what a living process works on is left alone', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  const reached = new Promise<void>((resolve) => {
    registry.before.resource = () => {
      resolve();
      return gate;
    };
  });
  const choosing = alice.choose(id, 1);
  await reached;
  const other = await anotherProcess(sameRegistry());
  await other.services.reconciler.sweep();
  await house.subgraph.services.reconciler.sweep();
  expect((await alice.task(id)).state).toBe('ALLOCATING');
  letGo();
  expect((await choosing).state).toBe('ALLOCATED');
  await other.stop();
  await alice.release(id);
});

test('while compute-registry does not answer, what a crash left waits for it', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await crashAt('reserve', id, 1);
  registry.unavailable = true;
  await expect(house.subgraph.services.reconciler.sweep()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  expect((await alice.task(id)).state).toBe('ALLOCATING');
  registry.unavailable = false;
  await house.subgraph.services.reconciler.sweep();
  expect((await alice.task(id)).state).toBe('ALLOCATED');
  await alice.release(id);
});

test('a reservation that could not be given back at once is given back later', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  registry.before.release = () => Promise.reject(new Error('no answer'));
  expect((await alice.release(id)).state).toBe('RELEASED');
  expect(registry.heldOn(1)).toHaveLength(1);
  registry.before = {};
  await house.subgraph.services.reconciler.sweep();
  expect(registry.heldOn(1)).toHaveLength(0);
  expect((await db.query(`select state from scheduling.allocation where task_id = $1`, [id])).rows).toEqual([{ state: 'RETURNED' }]);
});

test('with the intention there is a job, and without it none', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  const [{ key }] = (await db.query('select key from scheduling.allocation where task_id = $1', [id])).rows;
  const jobs = await db.query(`select name from scheduling_jobs.job where data ->> 'key' = $1`, [key]);
  expect(jobs.rows).toEqual([{ name: 'allocation' }]);
  await alice.release(id);
});

test('the job alone brings an abandoned allocation to rest', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await crashAt('reserve', id, 1);
  const events = await alice.listen({ id });
  const [{ key }] = (await db.query('select key from scheduling.allocation where task_id = $1', [id])).rows;
  await db.query(`update scheduling_jobs.job set start_after = now() where data ->> 'key' = $1`, [key]);
  expect(await nextState(events)).toBe('ALLOCATED');
  await events.return?.();
  await alice.release(id);
});

test('a task for which nothing was chosen in time expires, and so does an allocation that nobody released', { tags: ['interconnect/5/counts-until'] }, async () => {
  const [offered, allocated, fresh] = [await alice.submit({}), await alice.submit({ gpu_available: 1 }), await alice.submit({})];
  await alice.choose(allocated.id, 1);
  await db.query(`update scheduling.task set expires_at = now() - interval '1 second' where id = any($1)`, [[offered.id, allocated.id]]);
  await expect(alice.choose(offered.id, 1)).rejects.toThrow(`TASK_NOT_OPEN: task ${offered.id} is EXPIRED`);
  const events = await alice.listen();
  await house.subgraph.services.reconciler.sweep();
  expect([await nextState(events), await nextState(events)]).toEqual(['EXPIRED', 'EXPIRED']);
  await events.return?.();
  const states = await Promise.all([offered, allocated, fresh].map(async ({ id }) => (await alice.task(id)).state));
  expect(states).toEqual(['EXPIRED', 'EXPIRED', 'OFFERED']);
  expect(registry.heldOn(1)).toHaveLength(0);
  await expect(alice.release(offered.id)).rejects.toThrow('TASK_NOT_OPEN');
});

test('an offer lasts a day and an allocation thirty, as set', async () => {
  const task = await alice.submit({});
  const lasts = (of: { createdAt: string; expiresAt: string }) => Math.round((Date.parse(of.expiresAt) - Date.parse(of.createdAt)) / 3_600_000);
  expect(lasts(task)).toBe(24);
  expect(lasts(await alice.choose(task.id, 1))).toBe(30 * 24);
  await alice.release(task.id);
});
