import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { buildSchema, getIntrospectionQuery, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { formOf, UPLOAD_HEADERS } from '../testkit/multipart.client.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestSocket } from '../testkit/test-socket.js';
import { streamingTransports, transports } from '../testkit/transports.js';
import { operationCost } from './operation-cost.js';
import { operationSizes } from './operation-size.js';
import { rememberedCost } from './remembered-cost.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway({ LIMIT_RESPONSE_BYTES: '200000' });
});
afterAll(() => gateway.stop());

const nested = (levels: number): string => '{ person(id: "1") '.concat('{ friends '.repeat(levels), '{ id }', ' }'.repeat(levels), ' }');

/** Fragments that each spread the next one twice: few tokens that unfold to 2^n fields. */
const bomb = (n: number): string =>
  `{ person(id: "1") { ...f0 } } ${Array.from({ length: n }, (_, i) => `fragment f${i} on Person { ...f${i + 1} ...f${i + 1} }`).join(' ')} fragment f${n} on Person { name }`;

const tooMuch: [what: string, query: string, message: string][] = [
  ['depth', nested(9), 'depth: at most 10 levels allowed, got 11'],
  ['root fields', `{ ${Array.from({ length: 21 }, (_, i) => (i < 15 ? `a${i}: me { id }` : `me { id } `)).join(' ')} }`, 'root fields: at most 20 fields allowed, got 21'],
  ['aliases', `{ person(id: "1") { ${Array.from({ length: 16 }, (_, i) => `a${i}: name`).join(' ')} } }`, 'aliases: at most 15 aliases allowed, got 16'],
  ['directives', `{ person(id: "1") { ${'name @include(if: true) '.repeat(51)} } }`, 'directives: at most 50 directives allowed, got 51'],
  ['tokens', `{ person(id: "1") { ${'id '.repeat(1_000)} } }`, 'document length: at most 1000 tokens allowed'],
  ['characters', `# ${'x'.repeat(15_000)}\n{ __typename }`, 'document length: at most 15000 characters allowed, got 15017'],
  ['cost by page size', '{ people(first: 1000) { nodes { id name nickname friends(first: 5) { id } } } }', 'cost: at most 5000 fields, those of a list times its page size allowed, got'],
  ['cost of nested lists without a page size', '{ things { owner { things { owner { things { id label owner { id } } } } } } }', 'cost: at most 5000'],
  ['cost of fragments that unfold', bomb(60), 'cost: at most 5000 fields, those of a list times its page size allowed'],
  ['cost of fragments that unfold and are left out', bomb(60).replace('{ person(id: "1")', 'query ($no: Boolean = false) { person(id: "1") @include(if: $no)'), 'cost: at most 5000 fields, those of a list times its page size allowed'],
  ['repeated fields', `{ person(id: "1") { ${'name '.repeat(200)} } }`, 'repeated fields: at most 10000 comparisons of fields that have one name at one place allowed'],
  ['repeated fields in fragments', `{ person(id: "1") { ${Array.from({ length: 66 }, (_, i) => `...f${i}`).join(' ')} } } ${Array.from({ length: 66 }, (_, i) => `fragment f${i} on Person { friends { id id } }`).join(' ')}`, 'repeated fields: at most 10000 comparisons'],
  ['introspection', `{ __schema { ${Array.from({ length: 15 }, (_, i) => `a${i}: types { fields { type { fields { name args { name type { name } } } } } }`).join(' ')} } }`, 'introspection: at most 2 times what the whole schema costs'],
  ['aliases of fragments that unfold', bomb(60).replace('{ name }', '{ a: name }'), 'aliases: at most 15 aliases allowed, got'],
];

describe.each(transports)('over %s', (_name, ask) => {
  test.each(tooMuch)('too much of %s is refused before anything is planned, naming the limit', async (_what, query, message) => {
    gateway.subgraphs.asked.length = 0;
    const { data, errors } = await ask(gateway, query);
    expect(errors.map(({ extensions }) => extensions)).toEqual([{ code: 'LIMIT_EXCEEDED' }]);
    expect(errors[0]?.message).toContain(message);
    expect(data).toBeUndefined();
    expect(gateway.subgraphs.asked).toEqual([]);
  });

  test('introspection is not too deep', async () => {
    expect((await ask(gateway, getIntrospectionQuery())).data.__schema.queryType).toEqual({ name: 'Query', kind: 'OBJECT' });
  });

  test('an answer that is too large is not sent', async () => {
    expect((await ask(gateway, '{ text(bytes: 199000) }')).data.text).toHaveLength(199_000);
    const { errors, data } = await ask(gateway, '{ text(bytes: 200000) }');
    expect(errors).toEqual([{ message: 'response: at most 200000 bytes allowed', extensions: { code: 'LIMIT_EXCEEDED' } }]);
    expect(data ?? null).toBeNull();
  });
});

const visits = (selection: string): string => `subscription { visited { ${selection} } }`;

describe.each(streamingTransports)('over %s', (_name, ask) => {
  test.each([
    ['depth', visits(`person { ${'friends { '.repeat(8)} id ${'}'.repeat(8)} }`), 'depth: at most 10 levels allowed, got 11'],
    ['aliases', visits(Array.from({ length: 16 }, (_, i) => `a${i}: note`).join(' ')), 'aliases: at most 15 aliases allowed, got 16'],
    ['directives', visits('note @include(if: true) '.repeat(51)), 'directives: at most 50 directives allowed, got 51'],
    ['tokens', visits('id '.repeat(1_000)), 'document length: at most 1000 tokens allowed'],
    ['characters', `# ${'x'.repeat(15_000)}\n${visits('id')}`, 'document length: at most 15000 characters allowed, got '],
    ['cost', visits('person { friends(first: 100) { friends(first: 100) { id } } }'), 'cost: at most 5000'],
  ])('a subscription with too much of %s is refused before its source is opened', async (_what, query, message) => {
    const { opened } = gateway.subgraphs;
    const { data, errors } = await ask(gateway, query, {}, gateway.subgraphs.credential('alice'));
    expect([data, errors.map(({ extensions }) => extensions)]).toEqual([undefined, [{ code: 'LIMIT_EXCEEDED' }]]);
    expect(errors[0]?.message).toContain(message);
    expect(gateway.subgraphs.opened).toBe(opened);
  });
});

describe.each(transports)('over %s', (_name, ask) => {
  test.each([
    ['that spread each other', '{ person(id: "1") { ...a } } fragment a on Person { friends { ...b } } fragment b on Person { friends { ...a } }', 'Cannot spread fragment "a" within itself via "b".'],
    ['of which none is used, in a document that is too large', `{ me { id } } query Other { person(id: "1") { ${'name '.repeat(200)} } }`, 'repeated fields: at most 10000 comparisons'],
  ])('fragments and operations %s are refused', async (_what, query, message) => {
    const { data, errors } = await ask(gateway, query);
    expect([data, errors[0]?.message]).toEqual([undefined, expect.stringContaining(message)]);
  });
});

const ADD = 'mutation ($input: AddPeopleInput!) { addPeople(input: $input) }';
const nestedLists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const EXAMPLES_OF_JSON: [what: string, json: string, message: string | undefined][] = [
  ['nests too deeply', nestedLists(900_000), 'nesting of values: at most 100 levels allowed'],
  ['has too many values', `[${'1,'.repeat(900_000)}1]`, 'values: at most 100000 values in a request allowed'],
  ['has too many fields', `{${Array.from({ length: 120_000 }, (_, i) => `"a${i}":1`).join(',')}}`, 'values: at most 100000 values in a request allowed'],
  ['has such signs in texts only', JSON.stringify(['[{,'.repeat(50_000), '\\"[[[\\', '\\'.repeat(101)]), undefined],
];

describe.each([['POST', 'application/json'], ['server-sent events', 'text/event-stream']])('over %s', (_name, accept) => {
  test.each(EXAMPLES_OF_JSON)('JSON that %s is looked at before it is parsed', async (_what, json, message) => {
    const { errors } = await gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', accept }, body: `{"query":${JSON.stringify(ADD)},"variables":{"input":${json}}}` });
    if (message === undefined) expect(errors[0]?.extensions).toEqual({ code: 'BAD_INPUT', field: 'input' });
    else expect(errors).toEqual([{ message, extensions: { code: 'LIMIT_EXCEEDED' } }]);
  });
});

test.each(EXAMPLES_OF_JSON)('JSON beside files that %s is looked at before it is parsed', async (_what, json, message) => {
  const operations = `{"query":${JSON.stringify(ADD)},"variables":{"input":${json}}}`;
  const { errors } = await gateway.request('/graphql', { method: 'POST', headers: UPLOAD_HEADERS, body: formOf([{ name: 'operations', value: operations }, { name: 'map', value: '{}' }]) });
  if (message === undefined) expect(errors[0]?.extensions).toEqual({ code: 'BAD_INPUT', field: 'input' });
  else expect(errors).toEqual([{ message, extensions: { code: 'LIMIT_EXCEEDED' } }]);
});

test('so is the map of the files', async () => {
  const parts = [{ name: 'operations', value: '{"query":"{ me { id } }"}' }, { name: 'map', value: `{"0":${nestedLists(900_000)}}` }];
  const { errors } = await gateway.request('/graphql', { method: 'POST', headers: UPLOAD_HEADERS, body: formOf(parts) });
  expect(errors).toEqual([{ message: 'nesting of values: at most 100 levels allowed', extensions: { code: 'LIMIT_EXCEEDED' } }]);
});

test.each(EXAMPLES_OF_JSON.slice(0, 3))('a WebSocket on which JSON %s is closed with 4400', async (_what, json, message) => {
  const socket = await TestSocket.acknowledged(gateway.url);
  socket.send(`{"id":"1","type":"subscribe","payload":{"query":${JSON.stringify(ADD)},"variables":{"input":${json}}}}`);
  expect(await socket.closed).toEqual({ code: 4400, reason: `LIMIT_EXCEEDED: ${message}` });
});

test('variables of a GET that nest too deeply are refused, naming the limit', async () => {
  const search = new URLSearchParams({ query: '{ me { id } }' }).toString();
  const { errors } = await gateway.request(`/graphql?${search}&variables={"a":${nestedLists(3_500)}}`, { headers: { 'apollo-require-preflight': 'true' } });
  expect(errors).toEqual([{ message: 'nesting of values: at most 100 levels allowed', extensions: { code: 'LIMIT_EXCEEDED' } }]);
});

test('limits hold for a GET too', async () => {
  const { errors } = await gateway.request(`/graphql?query=${encodeURIComponent(nested(9))}`, { headers: { 'apollo-require-preflight': 'true' } });
  expect(errors).toEqual([{ message: 'depth: at most 10 levels allowed, got 11', extensions: { code: 'LIMIT_EXCEEDED' } }]);
});

test.each([
  ['depth', nested(8).replaceAll('friends', 'friends(first: 1)')],
  ['aliases', `{ person(id: "1") { ${Array.from({ length: 15 }, (_, i) => `a${i}: name`).join(' ')} } }`],
  ['directives', `{ person(id: "1") { ${'name @include(if: true) '.repeat(50)} } }`],
  ['characters', `# ${'x'.repeat(14_900)}\n{ __typename }`],
])('as much of %s as is allowed is answered', async (_what, query) => {
  expect((await gateway.ask(query)).errors).toEqual([]);
});

test('the page size counts where it comes in a variable or is a default', async () => {
  const query = 'query ($first: Int = 2) { people(first: $first) { nodes { id name nickname } } }';
  expect((await gateway.ask(query)).data.people.nodes).toHaveLength(2);
  const { errors } = await gateway.ask(query, { variables: { first: 2000 } });
  expect(errors[0]?.message).toContain('cost: at most 5000');
});

test('a cost that is remembered is that of the same page size and conditions', () => {
  const document = parse('query ($first: Int = 2, $wanted: Boolean!, $id: ID!) { people(first: $first) { nodes { id name @include(if: $wanted) } } person(id: $id) { id } }');
  const ask = { schema: gateway.graph.schema, document, operationName: undefined };
  for (const variables of [{ wanted: true }, { wanted: true, first: 5 }, { wanted: false, first: 5 }, { wanted: true, first: null }, { wanted: true, first: 5, id: '2' }]) {
    expect(rememberedCost({ ...ask, variables: { id: '1', ...variables } })).toEqual(operationCost({ ...ask, variables: { id: '1', ...variables } }));
  }
});

test('a body that is too large is refused, compressed or not', async () => {
  const body = JSON.stringify({ query: '{ __typename }', variables: { text: 'x'.repeat(2 * 1024 * 1024) } });
  for (const [encoding, bytes] of [['identity', Buffer.from(body)], ['gzip', gzipSync(body)]] as const) {
    const { status, errors } = await gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', 'content-encoding': encoding }, body: bytes });
    expect([status, errors]).toEqual([413, [{ message: 'body: at most 2097152 bytes allowed', extensions: { code: 'LIMIT_EXCEEDED' } }]]);
  }
});

test('an answer that is too large has the status 413', async () => {
  const { status, errors, data } = await gateway.ask('{ text(bytes: 200000) }');
  expect([status, errors, data]).toEqual([413, [{ message: 'response: at most 200000 bytes allowed', extensions: { code: 'LIMIT_EXCEEDED' } }], undefined]);
});

test.each([
  ['a variable', 'mutation ($input: AddPeopleInput!) { addPeople(input: $input) }', { input: { people: [{ name: 'a', age: 1 }, { name: 'b\u0000', age: 1 }] } }, 'input.people[1].name'],
  ['half a surrogate pair', 'mutation ($name: String!) { rename(id: "1", name: $name) { id } }', { name: '\ud800' }, 'name'],
  ['a literal', String.raw`mutation { addPeople(input: { people: [{ name: "a\u0000", age: 1 }] }) }`, {}, 'input.people.name'],
])('text that cannot be stored is refused in %s', async (_what, query, variables, field) => {
  const { errors } = await gateway.ask(query, { variables });
  expect(errors).toEqual([{ message: `${field}: text must not contain U+0000 or half of a surrogate pair`, extensions: { code: 'BAD_INPUT', field } }]);
});

const schema = buildSchema('type Query { q: Query, leaf(first: Int): Int, list: [Query!] }');

/** Random valid documents, with what their operation unfolds to, counted the slow way. */
const selections = fc.letrec<{ node: { text: string; depth: number; fields: number } }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'small', maxDepth: 6 },
    fc.constant({ text: 'leaf', depth: 1, fields: 1 }),
    fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map((nodes) => ({
      text: `q { ${nodes.map(({ text }) => text).join(' ')} }`,
      depth: 1 + Math.max(...nodes.map(({ depth }) => depth)),
      fields: 1 + nodes.reduce((sum, { fields }) => sum + fields, 0),
    })),
    tie('node').map(({ text, depth, fields }) => ({ text: `... on Query { ${text} }`, depth, fields })),
  ),
})).node;

test('an operation has the size and cost of what its text unfolds to, also when a part of it is a fragment', () => {
  fc.assert(
    fc.property(selections, fc.boolean(), ({ text, depth, fields }, asFragment) => {
      const document = parse(asFragment ? `{ ...part } fragment part on Query { ${text} }` : `{ ${text} }`);
      expect(operationSizes(document)).toMatchObject([{ depth, fields }]);
      expect(operationCost({ schema, document, operationName: undefined, variables: {} })).toEqual({ cost: fields, introspection: 0 });
    }),
  );
});
