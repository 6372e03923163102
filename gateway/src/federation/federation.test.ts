import { parse } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SubgraphConnection } from '@hutong/common';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { composeSupergraph, supergraphOf } from './compose.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway({ SUBGRAPH_TIMEOUT_SECONDS: '1' });
});
afterAll(() => gateway.stop());

const broken = (name: string): SubgraphConnection => ({
  name,
  execute: () => Promise.reject(new Error('connection reset, and the secret is swordfish')),
  subscribe: () => Promise.reject(new Error('connection reset')),
  ready: () => Promise.reject(new Error('connection reset')),
});

async function instead<Result>(other: SubgraphConnection, use: () => Promise<Result>): Promise<Result> {
  const connection = gateway.connections.get(other.name)!;
  gateway.connections.set(other.name, other);
  try {
    return await use();
  } finally {
    gateway.connections.set(other.name, connection);
  }
}

const without = <Result>(name: string, use: () => Promise<Result>): Promise<Result> => instead(broken(name), use);

test('an entity is joined over two subgraphs, there and back', async () => {
  const { data, errors } = await gateway.ask('{ person(id: "1") { name things { label owner { name } } } }');
  expect(errors).toEqual([]);
  expect(data).toEqual({ person: { name: 'person 1', things: [{ label: 'thing 0', owner: { name: 'person 1' } }] } });
});

test('the entities of a list are fetched in one request', async () => {
  gateway.subgraphs.asked.length = 0;
  const { data } = await gateway.ask('{ things(first: 2) { owner { name } } }');
  expect(data.things).toEqual([{ owner: { name: 'person 1' } }, { owner: { name: 'person 2' } }]);
  expect(gateway.subgraphs.asked).toHaveLength(1);
});

test('a failure of one field keeps its code, extensions and path, and the rest is answered', async () => {
  const { data, errors } = await gateway.ask('{ things(first: 2) { label maker { name nickname } } }');
  expect(data.things.map(({ maker }: { maker: { nickname: string } }) => maker.nickname)).toEqual(['nick 1', null]);
  expect(errors).toEqual([
    { message: 'no nickname today', path: ['things', 1, 'maker', 'nickname'], extensions: { code: 'CONFLICT', field: 'nickname', retryAfterSeconds: 7 } },
  ]);
});

test('a failure of a mutation comes as its subgraph told it', async () => {
  const { data, errors } = await gateway.ask('mutation { fail(how: "expected") }');
  expect(data).toEqual({ fail: null });
  expect(errors).toEqual([{ message: 'how: expected something else', path: ['fail'], extensions: { code: 'BAD_INPUT', field: 'how' } }]);
});

test('a failure that nobody expected says nothing but the request id', async () => {
  const { errors, text, headers } = await gateway.ask('mutation { fail(how: "badly") }');
  expect(text).not.toContain('swordfish');
  expect(errors[0]).toMatchObject({ path: ['fail'], extensions: { code: 'INTERNAL_SERVER_ERROR' } });
  expect(errors[0]?.message).toContain(headers.get('x-request-id'));
});

test('a subgraph that is down leaves its root fields null, and the others are answered', async () => {
  const { data, errors, text } = await without('things', () => gateway.ask('{ person(id: "1") { name } text(bytes: 3) }'));
  expect(data).toEqual(null);
  expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['text'], 'SUBGRAPH_UNAVAILABLE']]);
  expect(text).not.toContain('swordfish');
  const partial = await without('things', () => gateway.ask('{ person(id: "1") { name things { label } } }'));
  expect(partial.data).toEqual({ person: { name: 'person 1', things: null } });
  expect(partial.errors).toEqual([
    { message: 'The subgraph things is not available at present', path: ['person'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } },
  ]);
});

test.each([
  ['a field that was not asked for', { text: 'abc', person: 'spoilt' }],
  ['an object for a text of lists', { things: { id: '1' } }],
  ['texts for objects', { things: ['one', 'two'] }],
  ['a list within the list', { things: [[{ id: '1' }]] }],
  ['a number', { things: 5 }],
  ['a list for all', []],
])('a subgraph elsewhere that answers %s is unavailable', async (_what, answered) => {
  const strange = { ...broken('things'), isRemote: true, execute: async () => ({ data: answered as Record<string, unknown> }) };
  const { data, errors } = await instead(strange, () => gateway.ask('{ person(id: "1") { name } things { id label } }'));
  expect(data).toEqual(null);
  expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['things'], 'SUBGRAPH_UNAVAILABLE']]);
});

test.each([
  ['another number of entities', [{ things: [] }, { things: [] }]],
  ['no list of entities', 'none'],
  ['an entity that is none', [['x']]],
  ['a type that has no name', [{ __typename: 7, things: [] }]],
])('a subgraph elsewhere that answers %s leaves its fields null', async (_what, entities) => {
  const strange = { ...broken('things'), isRemote: true, execute: async () => ({ data: { _entities: entities } }) };
  const { data, errors } = await instead(strange, () => gateway.ask('{ person(id: "1") { name things { label } } }'));
  expect(data).toEqual({ person: { name: 'person 1', things: null } });
  expect(errors.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['person'], 'SUBGRAPH_UNAVAILABLE']]);
});

test('each entity that could not be fetched is told of', async () => {
  const { data, errors } = await without('people', () => gateway.ask('{ things(first: 2) { label maker { name } } }'));
  expect(data).toBeDefined();
  expect(errors.map(({ path }) => path)).toEqual([['things', 0, 'maker'], ['things', 1, 'maker']]);
  expect(errors.every(({ extensions }) => extensions.code === 'SUBGRAPH_UNAVAILABLE')).toBe(true);
});

test('an entity that another subgraph names and that is not to be seen is NOT_FOUND where it stands', async () => {
  const { data, errors } = await gateway.ask('{ things { maker { name } } }');
  expect(data.things[2]).toEqual({ maker: null });
  expect(errors).toEqual([{ message: 'things.2.maker.name not found', path: ['things', 2, 'maker', 'name'], extensions: { code: 'NOT_FOUND' } }]);
});

test('a subgraph that does not answer in time is given up, and told to stop', async () => {
  const before = gateway.subgraphs.aborted;
  const { data, errors } = await gateway.ask('{ stall }');
  expect(data).toEqual({ stall: null });
  expect(errors).toEqual([{ message: 'The subgraph people did not answer within 1 s', path: ['stall'], extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  expect(gateway.subgraphs.aborted).toBe(before + 1);
});

test('peer fields are not part of the graph', async () => {
  const { errors } = await gateway.ask('{ resolveCredential(credential: "x") { userId } }');
  expect(errors[0]?.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
});

test('the same operation is planned once', async () => {
  const text = '{ things { id } }';
  const operation = { text, document: parse(text) };
  const planned = await gateway.graph.plan(operation);
  expect(await gateway.graph.plan({ text, document: parse(text) })).toBe(planned);
  expect(await gateway.graph.plan({ text: `${text} `, document: parse(text) })).not.toBe(planned);
});

test('a supergraph is composed anew only when a subgraph has changed', async () => {
  const subgraphs = gateway.subgraphs.sdl;
  const made = await composeSupergraph(subgraphs);
  const marked = `${made}# kept\n`;
  expect(await supergraphOf(subgraphs, marked)).toBe(marked);
  expect(await supergraphOf(subgraphs.toReversed(), marked)).toBe(marked);
  const changed = subgraphs.map(({ name, sdl }) => ({ name, sdl: sdl.replace('nickname', 'petName') }));
  expect(await supergraphOf(changed, marked)).toContain('petName');
  expect(await supergraphOf(subgraphs, undefined)).toBe(made);
});

test('subgraphs that contradict each other are refused with every reason', async () => {
  const [people, things] = gateway.subgraphs.sdl;
  const wrong = { name: 'things', sdl: things!.sdl.replace('type Query {', 'type Query { me: Int') };
  await expect(composeSupergraph([people!, wrong])).rejects.toThrow(/do not compose:\n- .*Query\.me/s);
});
