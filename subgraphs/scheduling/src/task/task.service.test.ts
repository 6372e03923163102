import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Actor, openScheduling, type TestScheduling } from '../testkit/scheduling.actor.js';

let house: TestScheduling;
let alice: Actor;
let bob: Actor;
let admin: Actor;
beforeAll(async () => {
  house = await openScheduling();
  for (let id = 4; id <= 130; id++) house.registry.add(id);
  alice = new Actor(house.subgraph);
  bob = new Actor(house.subgraph);
  admin = new Actor(house.subgraph, { roles: ['ADMIN'] });
});
afterAll(() => house.subgraph.stop());

test('a submitted template is kept whole and answered with the best 100 offers and the count of all', async () => {
  const template = { z: 1, gpu_memory: 16, note: 'run <b>bold</b> 😀 مرحبا \'; drop table task; --', a: { deep: [null, 1.5] } };
  const task = await alice.submit(template, { source: 'portal', sessionIdentifier: 's-1' });
  expect(JSON.stringify(task.template)).toBe(JSON.stringify(template));
  expect(task).toMatchObject({ state: 'OFFERED', source: 'portal', sessionIdentifier: 's-1', chosen: null, resourceUrl: null, owner: { id: alice.as.userId } });
  expect(task.id).toMatch(/^[1-9]\d*$/);
  expect(task.offers.totalCount).toBe(130);
  expect(task.offers.nodes).toHaveLength(100);
  const scores = task.offers.nodes.map(({ score }: { score: number }) => score);
  expect(scores[0]).toBe(1);
  expect(scores).toEqual(scores.toSorted((a: number, b: number) => b - a));
  expect(Math.min(...scores)).toBeGreaterThan(0);
  expect(task.offers.nodes.map(({ rank }: { rank: number }) => rank)).toEqual(Array.from({ length: 100 }, (_, n) => n + 1));
});

test('the requirements that the template names are what compute-registry is asked for, as the same caller', async () => {
  await alice.submit({ region: '杭州', gpu_memory: 16, network_isixp: true, network_delay: '5ms', order_by: ['price', 'free_gpu'] });
  const asked = house.registry.calls.findLast(({ operation }) => operation === 'match');
  expect(asked?.variables).toEqual({
    first: 100,
    requirements: { region: ['杭州'], minGpuMemory: 16, networkIsIxp: true, maxNetworkDelayMs: 5, orderBy: ['PRICE', 'FREE_GPU'] },
  });
  expect(asked?.caller.userId).toBe(alice.as.userId);
});

test('the later form of a template tells its source and session itself', async () => {
  const task = await alice.submit({ source: 'lab', session_identifier: 'x-9', data: { gpu_memory: 24 } });
  expect(task).toMatchObject({ source: 'lab', sessionIdentifier: 'x-9' });
  expect(house.registry.calls.findLast(({ operation }) => operation === 'match')?.variables.requirements).toEqual({ minGpuMemory: 24 });
});

test('a first page of offers holds what was asked for and says that more follow', async () => {
  const { id } = await alice.submit({});
  const { data } = await alice.ask('query ($id: ID!) { task(id: $id) { offers(first: 2) { nodes { rank } pageInfo { hasNextPage } } } }', { id });
  expect(data.task.offers).toEqual({ nodes: [{ rank: 1 }, { rank: 2 }], pageInfo: { hasNextPage: true } });
  const { errors } = await alice.ask('query ($id: ID!) { task(id: $id) { offers(first: 101) { nodes { rank } } } }', { id });
  expect(errors[0]?.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', field: 'first' });
});

test('a task is its owner\'s and an admin\'s to see, and nobody else\'s', async () => {
  const { id } = await alice.submit({});
  expect((await alice.task(id)).id).toBe(id);
  expect((await admin.task(id)).id).toBe(id);
  expect(await bob.task(id)).toBeNull();
  await expect(bob.release(id)).rejects.toThrow(`TASK_NOT_FOUND: task ${id} not found`);
  await expect(bob.choose(id, 1)).rejects.toThrow('TASK_NOT_FOUND');
  await expect(bob.listen({ id })).rejects.toThrow('TASK_NOT_FOUND');
  const reference = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on Task { id state } } }';
  const r = [{ __typename: 'Task', id }, { __typename: 'Task', id: 'nonsense' }];
  expect((await bob.ask(reference, { r })).data._entities).toEqual([null, null]);
  expect((await alice.ask(reference, { r })).data._entities).toEqual([{ id, state: 'OFFERED' }, null]);
});

test('ids that cannot be are unknown tasks, not failures', async () => {
  for (const id of ['0', '-1', '2147483648', '9007199254740993', 'NaN', '1e3', '', '１', "1' or 1=1"]) {
    expect(await alice.task(id)).toBeNull();
    await expect(alice.release(id)).rejects.toThrow('TASK_NOT_FOUND');
    await expect(alice.choose(id, 1)).rejects.toThrow('TASK_NOT_FOUND');
  }
});

test('tasks are listed newest first, page by page, filtered by what the filter names', async () => {
  const carol = new Actor(house.subgraph);
  const ids: string[] = [];
  for (const source of ['a', 'b', 'a', 'a', 'b']) ids.push((await carol.submit({}, { source })).id);
  await carol.release(ids[4]!);
  const LIST = 'query ($filter: TaskFilter, $first: Int, $after: String) { tasks(filter: $filter, first: $first, after: $after) { totalCount nodes { id } pageInfo { hasNextPage endCursor } } }';
  const list = async (as: Actor, variables: object) => (await as.ask(LIST, { ...variables })).data.tasks;
  const firstPage = await list(carol, { first: 2 });
  expect(firstPage).toMatchObject({ totalCount: 5, nodes: [{ id: ids[4] }, { id: ids[3] }], pageInfo: { hasNextPage: true } });
  const rest = await list(carol, { first: 10, after: firstPage.pageInfo.endCursor });
  expect(rest).toMatchObject({ nodes: [{ id: ids[2] }, { id: ids[1] }, { id: ids[0] }], pageInfo: { hasNextPage: false } });
  expect((await list(carol, { filter: { source: 'a' } })).totalCount).toBe(3);
  expect((await list(carol, { filter: { state: 'RELEASED' } })).nodes).toEqual([{ id: ids[4] }]);
  expect((await list(bob, { filter: { owner: carol.as.userId } })).totalCount).toBe(0);
  expect((await list(admin, { filter: { owner: carol.as.userId } })).totalCount).toBe(5);
  for (const variables of [{ first: -1 }, { after: 'nonsense' }, { after: Buffer.from('["x"]').toString('base64url') }]) {
    expect((await carol.ask(LIST, variables)).errors[0]?.extensions.code).toBe('BAD_INPUT');
  }
});

test('the same client token answers the same task, for its owner alone, and never another input', async () => {
  const clientToken = randomUUID();
  const first = await alice.submit({ a: 1, b: 2 }, { clientToken });
  expect((await alice.submit({ b: 2, a: 1 }, { clientToken })).id).toBe(first.id);
  expect((await bob.submit({ a: 1, b: 2 }, { clientToken })).id).not.toBe(first.id);
  await expect(alice.submit({ a: 1, b: 3 }, { clientToken })).rejects.toMatchObject({ code: 'CONFLICT', field: 'input.clientToken' });
});

test('the same client token sent twenty times at once makes one task', async () => {
  const clientToken = randomUUID();
  const tasks = await Promise.all(Array.from({ length: 20 }, () => alice.submit({ once: true }, { clientToken })));
  expect(new Set(tasks.map(({ id }) => id)).size).toBe(1);
});

test('input that does not fit is refused with its field, and nothing is stored', async () => {
  const dave = new Actor(house.subgraph);
  const deep = JSON.parse('{"a":'.repeat(40) + '1' + '}'.repeat(40));
  const cases: [Record<string, unknown>, string, string][] = [
    [{ template: { gpu_memory: 'x' } }, 'BAD_INPUT', 'input.template.gpu_memory'],
    [{ template: { gpu_memory: -1 } }, 'BAD_INPUT', 'input.template.gpu_memory'],
    [{ template: { gpu_memory: 1.5 } }, 'BAD_INPUT', 'input.template.gpu_memory'],
    [{ template: { gpu_memory: 2 ** 31 } }, 'BAD_INPUT', 'input.template.gpu_memory'],
    [{ template: { gpu_memory: 2 ** 53 + 1 } }, 'BAD_INPUT', 'input.template.gpu_memory'],
    [{ template: { network_isixp: 'yes' } }, 'BAD_INPUT', 'input.template.network_isixp'],
    [{ template: { region: { name: '杭州' } } }, 'BAD_INPUT', 'input.template.region'],
    [{ template: { region: ['杭州', true] } }, 'BAD_INPUT', 'input.template.region[1]'],
    [{ template: { network_delay: '5 parsecs' } }, 'BAD_INPUT', 'input.template.network_delay'],
    [{ template: { order_by: 'beauty' } }, 'BAD_INPUT', 'input.template.order_by'],
    [{ template: { source: 'x', data: { price: '1' } } }, 'BAD_INPUT', 'input.template.data.price'],
    [{ template: { source: 'x', data: 'oops' } }, 'BAD_INPUT', 'input.template.data'],
    [{ template: [] }, 'BAD_INPUT', 'input.template'],
    [{ template: 'x' }, 'BAD_INPUT', 'input.template'],
    [{ template: null }, 'BAD_INPUT', 'input.template'],
    [{}, 'BAD_INPUT', 'input'],
    [{ template: { big: Number.POSITIVE_INFINITY } }, 'BAD_INPUT', 'input.template'],
    [{ template: { note: 'a\0b' } }, 'BAD_INPUT', 'input.template.note'],
    [{ template: { list: ['ok', '\ud800'] } }, 'BAD_INPUT', 'input.template.list[1]'],
    [{ template: deep }, 'LIMIT_EXCEEDED', 'input.template'],
    [{ template: { big: 'x'.repeat(300_000) } }, 'LIMIT_EXCEEDED', 'input.template'],
    [{ template: {}, source: 'x'.repeat(256) }, 'BAD_INPUT', 'input.source'],
    [{ template: {}, sessionIdentifier: '\0' }, 'BAD_INPUT', 'input.sessionIdentifier'],
    [{ template: {}, clientToken: '' }, 'BAD_INPUT', 'input.clientToken'],
  ];
  for (const [input, code, field] of cases) {
    const { errors } = await dave.ask('mutation ($input: SubmitTaskInput!) { submitTask(input: $input) { id } }', { input });
    expect(errors[0]?.extensions, JSON.stringify(input).slice(0, 80)).toMatchObject({ code, field });
  }
  expect((await dave.ask('{ tasks { totalCount } }')).data.tasks.totalCount).toBe(0);
});

test('the message of a wrong value shows the value', async () => {
  await expect(alice.submit({ gpu_memory: 'x' })).rejects.toThrow('input.template.gpu_memory: expected an integer ≥ 0, got "x"');
});

test('nobody without a credential, and no token without the scope, gets in', async () => {
  const { errors } = await house.subgraph.ask('{ tasks { totalCount } }');
  expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  const reader = new Actor(house.subgraph, { scopes: ['scheduling:read'] });
  await expect(reader.submit({})).rejects.toThrow('FORBIDDEN');
});
