import { HutongError } from '@hutong/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Actor, openScheduling, type TestScheduling } from '../testkit/scheduling.actor.js';
import type { StandInRegistry } from '../testkit/registry.stand-in.js';

let house: TestScheduling;
let registry: StandInRegistry;
let alice: Actor;
beforeAll(async () => {
  house = await openScheduling();
  registry = house.registry;
});
afterAll(() => house.subgraph.stop());
beforeEach(() => {
  alice = new Actor(house.subgraph);
  registry.before = {};
  registry.unavailable = false;
  registry.resources.clear();
  registry.reservations.clear();
  for (const id of [1, 2, 3]) registry.add(id);
});

test('choosing an offer reserves what the template asks for and answers the URL', async () => {
  const { id } = await alice.submit({ gpu_available: 2, cpu_available: 16 });
  const task = await alice.choose(id, 1);
  expect(task).toMatchObject({ id, state: 'ALLOCATED', stateReason: null, resourceUrl: 'http://192.168.1.1:80', chosen: { id: '1' } });
  expect(registry.resources.get(1)).toMatchObject({ gpu: 6, cpu: 48 });
});

test('a template that asks for no capacity takes none, even of a resource that has none left', async () => {
  registry.add(1, { gpu: 0, cpu: 0 });
  const { id } = await alice.submit({ gpu_memory: 16 });
  expect((await alice.choose(id, 1)).state).toBe('ALLOCATED');
});

test('the same choice again answers the same and reserves nothing more', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  const first = await alice.choose(id, 1);
  registry.add(1, { ips: '10.9.9.9', stale: true, gpu: 7 });
  expect(await alice.choose(id, 1)).toEqual(first);
  expect(registry.heldOn(1)).toHaveLength(1);
  await alice.release(id);
});

test('another choice moves the task and gives the first resource back', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  registry.add(2, { ips: 'fd00::5,10.0.0.1', ports: '9000-9010' });
  expect(await alice.choose(id, 2)).toMatchObject({ state: 'ALLOCATED', resourceUrl: 'http://[fd00::5]:9000', chosen: { id: '2' } });
  expect(registry.resources.get(1)?.gpu).toBe(8);
  expect(registry.heldOn(2)).toHaveLength(1);
  await alice.release(id);
});

test('a move that fails leaves the task with what it had, and says why', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  const { resourceUrl } = await alice.choose(id, 1);
  registry.add(2, { gpu: 0 });
  await expect(alice.choose(id, 2)).rejects.toMatchObject({ code: 'NO_CAPACITY' });
  expect(await alice.task(id)).toMatchObject({ state: 'ALLOCATED', resourceUrl, chosen: { id: '1' }, stateReason: 'could not move to computing resource 2: computing resource 2 has no capacity left' });
  expect(registry.heldOn(1)).toHaveLength(1);
  await alice.release(id);
});

test('what cannot be had is answered with its code, and another choice may be made', async () => {
  const { id } = await alice.submit({ gpu_available: 4 });
  registry.add(1, { stale: true });
  registry.add(2, { gpu: 3 });
  await expect(alice.choose(id, 1)).rejects.toThrow('RESOURCE_STALE');
  expect(await alice.task(id)).toMatchObject({ state: 'FAILED', stateReason: 'computing resource 1 is stale', chosen: null, resourceUrl: null });
  await expect(alice.choose(id, 2)).rejects.toThrow('NO_CAPACITY');
  registry.resources.delete(2);
  await expect(alice.choose(id, 2)).rejects.toThrow('RESOURCE_NOT_FOUND');
  expect((await alice.choose(id, 3)).state).toBe('ALLOCATED');
});

test('a resource that was not offered, or does not exist, cannot be chosen or refused', async () => {
  const { id } = await alice.submit({});
  registry.add(900);
  for (const accept of [true, false]) {
    await expect(alice.choose(id, 900, accept)).rejects.toMatchObject({ code: 'NOT_OFFERED', field: 'input.computingResourceId' });
    await expect(alice.choose(id, 901, accept)).rejects.toThrow('RESOURCE_NOT_FOUND: computing resource 901 not found');
    for (const impossible of ['0', '-1', '2147483648', 'x']) await expect(alice.choose(id, impossible, accept)).rejects.toThrow('RESOURCE_NOT_FOUND');
  }
  expect((await alice.task(id)).state).toBe('OFFERED');
});

test('a resource without an available address or a port is given back and the task says why', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  registry.add(1, { ips: '' });
  await expect(alice.choose(id, 1)).rejects.toThrow('NO_ADDRESS: computing resource 1 has no available address');
  registry.add(2, { ports: '' });
  await expect(alice.choose(id, 2)).rejects.toThrow('NO_ADDRESS: computing resource 2 has no port');
  expect((await alice.task(id)).state).toBe('FAILED');
  expect([registry.resources.get(1)?.gpu, registry.resources.get(2)?.gpu]).toEqual([8, 8]);
});

test('refusing gives back what the task has, and an offer may be accepted later after all', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  const refused = await alice.choose(id, 1, false);
  expect(refused).toMatchObject({ state: 'REFUSED', chosen: null, resourceUrl: null });
  expect(refused.offers.nodes[0].refusedAt).not.toBeNull();
  expect(registry.resources.get(1)?.gpu).toBe(8);
  expect(await alice.choose(id, 1, false)).toEqual(refused);
  expect((await alice.choose(id, 2)).state).toBe('ALLOCATED');
});

test('refusing another resource than the one the task has takes nothing away', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  const task = await alice.choose(id, 2, false);
  expect(task).toMatchObject({ state: 'ALLOCATED', chosen: { id: '1' } });
  expect(task.offers.nodes[1].refusedAt).not.toBeNull();
  expect(registry.heldOn(1)).toHaveLength(1);
  await alice.release(id);
});

test('a released task has given everything back and is over', { tags: ['interconnect/5/counts-until'] }, async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await alice.choose(id, 1);
  const released = await alice.release(id);
  expect(released).toMatchObject({ state: 'RELEASED', chosen: null, resourceUrl: null, expiresAt: null });
  expect(registry.resources.get(1)?.gpu).toBe(8);
  expect(await alice.release(id)).toEqual(released);
  await expect(alice.choose(id, 1)).rejects.toThrow(`TASK_NOT_OPEN: task ${id} is RELEASED`);
  await expect(alice.choose(id, 1, false)).rejects.toThrow('TASK_NOT_OPEN');
});

test('ten choosers of one resource for one task get one reservation and one answer', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  const before = registry.calls.length;
  const tasks = await Promise.all(Array.from({ length: 10 }, () => alice.choose(id, 1)));
  expect(new Set(tasks.map(({ resourceUrl }) => resourceUrl)).size).toBe(1);
  expect(registry.calls.slice(before).filter(({ operation }) => operation === 'reserve')).toHaveLength(1);
  expect(registry.heldOn(1)).toHaveLength(1);
  await alice.release(id);
});

test('choosers of one resource share its failure', async () => {
  const { id } = await alice.submit({ gpu_available: 9 });
  let reserving = () => {};
  const begun = new Promise<void>((resolve) => (reserving = resolve));
  let letGo = () => {};
  const gate = new Promise<void>((resolve) => (letGo = resolve));
  registry.before.reserve = () => {
    reserving();
    return gate;
  };
  const first = alice.choose(id, 1).catch((error: Error) => error.message);
  await begun;
  const others = Array.from({ length: 3 }, () => alice.choose(id, 1).catch((error: Error) => error.message));
  // The others have looked at the task at least once when this unrelated question has been answered.
  await alice.task(id);
  letGo();
  for (const message of await Promise.all([first, ...others])) expect(message).toContain('NO_CAPACITY');
  expect(registry.heldOn(1)).toHaveLength(0);
});

test('choosers of different resources take turns: one is held in the end, every other was given back', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  await Promise.all([1, 2, 3, 1, 2, 3].map((resource) => alice.choose(id, resource)));
  const { chosen } = await alice.task(id);
  const held = [1, 2, 3].flatMap((resource) => registry.heldOn(resource).map(() => String(resource)));
  expect(held).toEqual([chosen.id]);
  await alice.release(id);
});

test('with one GPU left and fifty users, exactly one gets it', async () => {
  registry.add(1, { gpu: 1 });
  const users = Array.from({ length: 50 }, () => new Actor(house.subgraph));
  const ids = await Promise.all(users.map(async (user) => (await user.submit({ gpu_available: 1 })).id as string));
  const outcomes = await Promise.all(users.map((user, n) => user.choose(ids[n]!, 1).then(() => 'won', (error: { code: string }) => error.code)));
  expect(outcomes.filter((outcome) => outcome === 'won')).toHaveLength(1);
  expect(outcomes.filter((outcome) => outcome === 'NO_CAPACITY')).toHaveLength(49);
  const winner = outcomes.indexOf('won');
  await users[winner]!.release(ids[winner]!);
  expect(registry.resources.get(1)?.gpu).toBe(1);
});

test('a release and a choice at once end in a released task that holds nothing', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  const outcomes = await Promise.allSettled([alice.choose(id, 1), alice.release(id), alice.choose(id, 2)]);
  expect(outcomes[1].status).toBe('fulfilled');
  expect((await alice.task(id)).state).toBe('RELEASED');
  expect([1, 2].flatMap((resource) => registry.heldOn(resource))).toEqual([]);
});

test('a reservation whose answer got lost is given back', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  registry.before.resource = async () => {
    throw new HutongError('SUBGRAPH_UNAVAILABLE', 503, 'gone');
  };
  await expect(alice.choose(id, 1)).rejects.toThrow('SUBGRAPH_UNAVAILABLE');
  expect(await alice.task(id)).toMatchObject({ state: 'FAILED', stateReason: 'gone' });
  expect(registry.resources.get(1)?.gpu).toBe(8);
});

test('a failure that nobody expected leaves no reservation and tells nothing of itself', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  registry.before.resource = async () => {
    throw new Error('the password is hunter2');
  };
  await expect(alice.choose(id, 1)).rejects.toThrow('INTERNAL_SERVER_ERROR');
  const task = await alice.task(id);
  expect(task).toMatchObject({ state: 'FAILED', stateReason: 'an internal error' });
  expect(registry.resources.get(1)?.gpu).toBe(8);
});

test('no transaction is open while a peer is asked', async () => {
  const { id } = await alice.submit({ gpu_available: 1 });
  const open: unknown[] = [];
  const look = async () => {
    const { Client } = await import('pg');
    const client = new Client({ connectionString: house.subgraph.databaseUrl });
    await client.connect();
    const { rows } = await client.query(
      `select state, query from pg_stat_activity where datname = current_database() and state like 'idle in transaction%' and application_name = 'hutong scheduling'`,
    );
    open.push(...rows);
    await client.end();
  };
  registry.before = { match: look, reserve: look, resource: look, release: look };
  await alice.submit({});
  await alice.choose(id, 1);
  await alice.choose(id, 2);
  await alice.release(id);
  expect(open).toEqual([]);
});

test('a user owns running things while a task of theirs holds a resource', async () => {
  const owns = async () =>
    (await house.subgraph.ask('query ($id: ID!) { ownsRunningThings(userId: $id) }', { origin: 'peer', variables: { id: alice.as.userId } })).data.ownsRunningThings;
  const { id } = await alice.submit({});
  expect(await owns()).toBe(false);
  await alice.choose(id, 1);
  expect(await owns()).toBe(true);
  await alice.release(id);
  expect(await owns()).toBe(false);
  expect((await alice.ask('{ ownsRunningThings(userId: "x") }')).errors[0]?.extensions.code).toBe('FORBIDDEN');
});
