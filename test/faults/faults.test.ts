import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { GraphError } from '../testkit/actor.js';
import { FAULTS } from '../testkit/fault-proxy.js';
import { IDS } from '../testkit/interconnect.world.js';
import { until } from '../testkit/processes.js';
import { SAMPLE_IDENTIFIER } from '../testkit/sample.js';
import { SUBGRAPHS, spoiltWorld, type SpoiltWorld, type Subgraph } from '../testkit/spoilt.world.js';
import { subscribe } from '../testkit/subscription.js';

// Between the gateway and its subgraphs, and between peers, something is broken all the time.

let world: SpoiltWorld;
beforeAll(async () => {
  world = await spoiltWorld();
});
afterEach(async () => {
  for (const proxy of Object.values(world.proxies)) proxy.heal();
  await healed();
});
afterAll(() => world?.dispose());

/** One field of each subgraph. */
const FIELDS: Record<Subgraph, string> = { machines: 'machines', 'compute-registry': 'computingResources', scheduling: 'tasks', 'cloud-vm': 'virtualMachines', 'ai-arts': 'trainings' };
const ALL = '{ machines(first: 1) { totalCount } computingResources(first: 1) { totalCount } tasks(first: 1) { totalCount } virtualMachines(first: 1) { totalCount } trainings(first: 1) { totalCount } }';

const names = (subgraph: string, { message, extensions }: GraphError) => extensions.code === 'SUBGRAPH_UNAVAILABLE' && message.includes(subgraph);

/** Everything answers again; a breaker may stay open for a moment. */
const healed = () => until('every field to be answered again', async () => (await world.alice.graph(ALL)).errors.length === 0);

describe.each(SUBGRAPHS)('when the way to %s is broken', (subgraph) => {
  const field = FIELDS[subgraph];

  test.each(FAULTS.filter((fault) => fault !== 'delay'))('(%s): its fields say so, the others are answered, and it is found again afterwards', async (fault) => {
    await world.alice.ask('{ me { id } }');
    world.proxies[subgraph].spoil(() => fault);
    const { data, errors } = await world.alice.graph(ALL);
    expect(errors).toEqual([expect.objectContaining({ path: [field], message: expect.stringContaining(subgraph), extensions: { code: 'SUBGRAPH_UNAVAILABLE' } })]);
    for (const other of Object.values(FIELDS)) expect(data[other]).toEqual(other === field ? null : { totalCount: expect.any(Number) });
  });

  test('(delay): it is waited for', async () => {
    world.proxies[subgraph].spoil(() => 'delay');
    await world.alice.ask(ALL);
  });

  test('a query for which one request fails is answered all the same', async () => {
    const faults = ['reset before', 'cut after', undefined] as const;
    let asked = 0;
    world.proxies[subgraph].spoil(() => faults[asked++]);
    await world.alice.ask(ALL);
    expect(asked).toBeGreaterThan(2);
  });
});

test('what names a thing of a subgraph that is down is answered without it', async () => {
  const { taskId, resourceId } = await world.offered();
  expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
  world.proxies.machines.spoil(() => 'reset before');
  world.proxies['compute-registry'].spoil(() => 'garbage after');
  const { data, errors } = await world.alice.graph(
    'query ($id: ID!) { task(id: $id) { state owner { username } chosen { gpuModel } offers(first: 1) { nodes { rank resource { gpuModel } } } } }',
    { id: taskId },
  );
  expect(data.task).toEqual({ state: 'ALLOCATED', owner: null, chosen: null, offers: { nodes: [{ rank: 1, resource: null }] } });
  expect(errors.map(({ path, extensions }) => `${extensions.code} ${path?.join('.')}`).toSorted()).toEqual([
    'SUBGRAPH_UNAVAILABLE task.chosen',
    'SUBGRAPH_UNAVAILABLE task.offers.nodes.0.resource',
    'SUBGRAPH_UNAVAILABLE task.owner',
  ]);
});

describe('the legacy routes', () => {
  test.each(FAULTS.filter((fault) => fault !== 'delay'))('tell a fault in their own words (%s)', async (fault) => {
    world.proxies['compute-registry'].spoil(() => fault);
    world.proxies.machines.spoil(() => fault);
    const zones = await world.alice.interconnect('GET', 'computing_resources/?page=1&page_size=10');
    expect(zones).toMatchObject({ status: 200, body: { code: 500, message: expect.stringContaining('compute-registry'), data: {} } });
    const info = await world.alice.simpleServer('GET', 'info');
    expect(info).toMatchObject({ status: 503, body: { detail: expect.stringContaining('machines') } });
  });
});

describe('a mutation', () => {
  const submitted = async (token: string) => (await world.database.query<{ id: number }>('select id from scheduling.task where client_token = $1', [token])).rows;

  test.each(FAULTS)('is never sent twice (%s), and may be repeated with its token', async (fault) => {
    const token = `once ${fault}`;
    const submit = () => world.alice.graph('mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { id } }', { input: { template: { gpu_model: 'none such' }, clientToken: token } });
    let asked = 0;
    world.proxies.scheduling.spoil(() => (asked++, fault));
    const { data, errors } = await submit();
    expect(asked).toBe(1);
    if (fault === 'delay') expect(errors).toEqual([]);
    else expect([data, errors.length, names('scheduling', errors[0]!)]).toEqual([null, 1, true]);
    world.proxies.scheduling.heal();
    await until('the answer', async () => (await submit()).errors.length === 0);
    expect(await submitted(token)).toHaveLength(1);
  });
});

describe('a subscription', () => {
  const CHANGES = 'subscription ($after: ID) { taskChanged(after: $after) { id state task { id } } }';

  test('ends with the name of the subgraph when its way is cut, and goes on behind the last event', async () => {
    const { alice, submit, choose } = world;
    const first = await subscribe(alice, CHANGES);
    const { taskId, resourceId } = await world.offered();
    const [event] = await first.until(1);
    expect(world.proxies.scheduling.cutSockets()).toBeGreaterThan(0);
    await until('its end', () => first.errors.length > 0);
    expect(names('scheduling', first.errors[0] as GraphError)).toBe(true);
    await first.end();
    expect((await choose(taskId, resourceId)).body.code).toBe(0);
    const second = await subscribe(alice, CHANGES, { after: event.taskChanged.id });
    const replayed = await second.until(2);
    expect(replayed.map(({ taskChanged }) => [taskChanged.state, taskChanged.task.id])).toEqual([['ALLOCATING', String(taskId)], ['ALLOCATED', String(taskId)]]);
    await submit({ gpu_model: 'none such' });
    expect(await second.until(3)).toHaveLength(3);
    await second.end();
  });

  test('a revocation is not missed while the way to machines is cut again and again', async () => {
    const { logIn } = await import('../testkit/actor.js');
    const alice = await logIn(world.platform, 'alice', "alice's own password 1");
    await alice.ask('{ me { id } }');
    for (let cut = 0; cut < 5; cut++) {
      world.proxies.machines.cutSockets();
      await delay(20);
    }
    await alice.ask('mutation { logOut }');
    expect((await alice.graph('{ me { id } }')).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

test('a provider can report again at once after all ways were broken', async () => {
  for (const proxy of Object.values(world.proxies)) {
    proxy.spoil(() => 'reset before');
    proxy.cutSockets();
  }
  for (let asked = 0; asked < 20; asked++) {
    const { errors } = await world.alice.graph(ALL);
    expect(errors.every(({ extensions }) => extensions.code === 'SUBGRAPH_UNAVAILABLE')).toBe(true);
    expect(errors.length).toBeGreaterThan(0);
  }
  for (const proxy of Object.values(world.proxies)) proxy.heal();
  await healed();
  expect((await world.provider.interconnect('POST', IDS, { computing_ids: [SAMPLE_IDENTIFIER] })).body.code).toBe(0);
});
