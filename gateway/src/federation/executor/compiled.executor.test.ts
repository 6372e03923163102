import { buildSubgraphSchema } from '@apollo/subgraph';
import { anonymous, silentLog, type SubgraphConnection, type SubgraphRequest } from '@hutong/common';
import { execute, GraphQLError, parse, type ExecutionResult } from 'graphql';
import { beforeEach, expect, test } from 'vitest';
import { composeSupergraph } from '../compose.js';
import { DataText } from '../federated-graph.js';
import { PlannedGraph } from '../planned-graph.js';

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n';
const SDL = {
  machines: `${LINK} type Query { rack: [Machine!]! spare: Machine } type Mutation { stop(id: ID!): Machine } type Machine @key(fields: "id") { id: ID!, next: Machine }`,
  // A name that nothing inside may have taken.
  event: `${LINK} type Query { started(id: ID!): Machine } type Mutation { start(id: ID!): Machine } type Machine @key(fields: "id") { id: ID!, name: String, tags: [String!] }`,
};

const asked: SubgraphRequest[] = [];
/** Changes what a subgraph answers before anybody sees it. */
let tampered: (answer: ExecutionResult, subgraph: string) => ExecutionResult = (answer) => answer;
beforeEach(() => {
  asked.length = 0;
  tampered = (answer) => answer;
});

const machine = (id: number): unknown => ({ id: String(id), next: () => (id < 3 ? machine(id + 1) : null) });

function frozen<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

function connection(name: keyof typeof SDL, resolvers: object): SubgraphConnection {
  const schema = buildSubgraphSchema([{ typeDefs: parse(SDL[name]), resolvers: resolvers as never }]);
  return {
    name,
    async execute(request) {
      asked.push(request);
      const answer = await execute({ schema, document: parse(request.document), variableValues: request.variables });
      // As others may hold the same answer, nobody may change it.
      return frozen(tampered(structuredClone({ data: answer.data, ...(answer.errors ? { errors: answer.errors.map((error) => error.toJSON()) } : {}) }) as unknown as ExecutionResult, name));
    },
    subscribe: () => Promise.reject(new Error('nobody subscribes')),
    ready: async () => undefined,
  };
}

const connections = new Map(
  [
    connection('machines', { Query: { rack: () => [machine(1), machine(2), machine(1)], spare: () => machine(2) }, Mutation: { stop: (_: never, { id }: { id: string }) => machine(Number(id)) }, Machine: { __resolveReference: ({ id }: { id: string }) => machine(Number(id)) } }),
    connection('event', {
      Query: { started: (_: never, { id }: { id: string }) => ({ id }) },
      Mutation: { start: (_: never, { id }: { id: string }) => ({ id }) },
      Machine: {
        __resolveReference: ({ id }: { id: string }) => ({ id }),
        name: ({ id }: { id: string }) => (id === '3' ? new GraphQLError('no name', { extensions: { code: 'NAMELESS' } }) : `machine ${id}`),
        tags: () => ['a', 'b'],
      },
    }),
  ].map((one) => [one.name, one]),
);
const supergraphSdl = await composeSupergraph(Object.entries(SDL).map(([name, sdl]) => ({ name, sdl })));
const graphOf = (responseBytes: number) => new PlannedGraph({ supergraphSdl, connections, executor: 'compiled', subgraphTimeoutMs: 5_000, responseBytes, log: silentLog });
const graph = graphOf(1_000_000);
const scope = () => ({ caller: anonymous, origin: 'client', requestId: 'r', signal: new AbortController().signal }) as const;
const run = async (text: string, on = graph) => on.execute(await on.plan({ text, document: parse(text) }), {}, scope());
const write = async (text: string, on = graph) => on.write(await on.plan({ text, document: parse(text) }), {}, scope());
const told = ({ errors = [] }: ExecutionResult) => errors.map(({ path = [], extensions }) => `${path.join('.')} ${String(extensions['code'])}`).toSorted((a, b) => a.localeCompare(b));

test('entities that several places name are asked for together, and each once', async () => {
  const text = '{ rack { name next { name } } spare { name } }';
  const { data } = await run(text);
  expect(data).toEqual({ rack: [{ name: 'machine 1', next: { name: 'machine 2' } }, { name: 'machine 2', next: { name: null } }, { name: 'machine 1', next: { name: 'machine 2' } }], spare: { name: 'machine 2' } });
  const names = asked.slice(1);
  expect(names).toHaveLength(1);
  expect(names[0]!.variables['representations']).toEqual(['1', '2', '3'].map((id) => ({ __typename: 'Machine', id })).map((entity) => expect.objectContaining(entity) as object));
  expect(JSON.parse(names[0]!.variablesJson!)).toEqual(names[0]!.variables);
});

/** Of which machines each request asks this. */
const askedFor = (field: string) => asked.filter(({ document }) => document.includes(`on Machine{${field}`)).map(({ variables }) => (variables['representations'] as { id: string }[]).map(({ id }) => id));

test('an entity that another branch asked for before is not asked for again', async () => {
  const { data } = await run('{ rack { name } started(id: "2") { next { next { name } } } other: started(id: "1") { next { name next { name } } } }');
  expect(data).toEqual({
    rack: [1, 2, 1].map((id) => ({ name: `machine ${id}` })),
    started: { next: { next: null } },
    other: { next: { name: 'machine 2', next: { name: null } } },
  });
  expect(askedFor('name')).toEqual([['1', '2'], ['3']]);
});

test('what is known already of all entities is not asked for at all', async () => {
  expect((await run('{ rack { name } started(id: "1") { next { name } } }')).data).toMatchObject({ started: { next: { name: 'machine 2' } } });
  expect(askedFor('name')).toEqual([['1', '2']]);
});

test('after each field of a mutation, entities are asked for anew', async () => {
  const { data } = await run('mutation { start(id: "1") { next { name } } stop(id: "1") { name } again: start(id: "1") { next { name } } }');
  expect(data).toEqual({ start: { next: { name: 'machine 2' } }, stop: { name: 'machine 1' }, again: { next: { name: 'machine 2' } } });
  expect([askedFor('next'), askedFor('name')]).toEqual([[['1'], ['1']], [['2'], ['1'], ['2']]]);
});

test('an error about an entity is told at each place that names it, and nowhere else', async () => {
  expect(told(await run('{ rack { next { next { name } name } } spare { name next { name } } }'))).toEqual([
    'rack.0.next.next.name NAMELESS',
    'rack.1.next.name NAMELESS',
    'rack.2.next.next.name NAMELESS',
    'spare.next.name NAMELESS',
  ]);
});

test('the text of an answer is that of its objects', async () => {
  const text = '{ spare { __typename name again: name tags next { id } } rack { id name } __typename }';
  const written = await write(text);
  expect(written).toBeInstanceOf(DataText);
  expect((written as DataText).json).toBe(JSON.stringify((await run(text)).data));
});

test('an answer that would be too long is refused while it is written', async () => {
  await expect(write('{ rack { id } }', graphOf(60))).resolves.toBeInstanceOf(DataText);
  await expect(write('{ rack { id } }', graphOf(30))).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
});

test.each([
  ['no list', { rack: { __typename: 'Machine', id: '1' }, spare: { __typename: 'Machine', id: '1' } }, ['rack']],
  ['no object', { rack: [], spare: 'a machine' }, ['spare']],
  ['a type that cannot stand there', { rack: [], spare: { __typename: 'Query', id: '1' } }, ['spare']],
  ['a type that nobody knows', { rack: [], spare: { __typename: 'Nothing', id: '1' } }, ['spare']],
])('a subgraph in the process that answers %s is an error at its place', async (_what, data, places) => {
  tampered = (answer, subgraph) => (subgraph === 'machines' ? { data } : answer);
  expect(told(await run('{ spare { id } rack { id } }')).map((error) => error.split(' ')[0])).toEqual(places);
});
