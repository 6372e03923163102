import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { composeSupergraph } from '../federation/compose.js';
import { TestEventStream } from '../testkit/test-event-stream.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestSocket } from '../testkit/test-socket.js';

const PEOPLE = 'query People { people(first: 1) { nodes { name } } }';
const RENAME = 'mutation Rename($name: String!) { rename(id: "1", name: $name) { name } }';
const VISITS = 'subscription Visits { visited { note } }';
/** More tokens, characters, aliases, levels and cost than anybody may send. */
const LARGE = `query Large { ${Array.from({ length: 120 }, (_, n) => `long_name_of_an_alias_${'x'.repeat(100)}${n}: person(id: "1") { friends(first: 100) { friends(first: 1) { friends(first: 1) { name } } } }`).join(' ')} }`;
const SCHEMA = getIntrospectionQuery();

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const operation = (id: string, body: string) => ({ id, body, name: id, type: 'query' });

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-trusted-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function listed(name: string, content: unknown): Promise<string> {
  const file = path.join(folder, name);
  await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
  return file;
}

describe('a platform with a list of operations', () => {
  let gateway: TestGateway;
  let credential: string;
  beforeAll(async () => {
    const operations = [operation('people', PEOPLE), operation('rename', RENAME), operation('visits', VISITS), operation('large', LARGE), operation('schema', SCHEMA)];
    const file = await listed('manifest.json', { format: 'apollo-persisted-query-manifest', version: 1, operations });
    gateway = await testGateway({ HUTONG_TRUSTED_OPERATIONS: file, NODE_ENV: 'production', LIMIT_TOKENS: '100' });
    credential = gateway.subgraphs.credential('alice');
  });
  afterAll(() => gateway.stop());

  const post = (body: object) => gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const REFUSED = { message: 'This operation is none of those that may be run here', extensions: { code: 'OPERATION_NOT_TRUSTED' } };

  test.each([
    ['its text', { query: PEOPLE }],
    ['documentId', { documentId: 'people' }],
    ['id', { id: 'people' }],
    ['the hash of its text', { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(PEOPLE) } } }],
  ])('an operation of the list runs by %s', async (_what, body) => {
    expect((await post({ ...body, operationName: 'People' })).data).toEqual({ people: { nodes: [{ name: 'person 1' }] } });
  });

  test('an operation of the list runs by GET, with its variables, and a mutation only by POST', async () => {
    const get = (id: string) => gateway.request(`/graphql?documentId=${id}`, { headers: { 'apollo-require-preflight': 'true' } });
    expect((await get('people')).data).toEqual({ people: { nodes: [{ name: 'person 1' }] } });
    expect((await get('rename')).status).toBe(405);
    expect((await post({ documentId: 'rename', variables: { name: 'new' } })).data).toEqual({ rename: { name: 'new' } });
  });

  test.each([
    ['another text', { query: '{ people(first: 1) { nodes { name } } }' }],
    ['a text that differs by a space', { query: `${PEOPLE} ` }],
    ['another text under a trusted id', { query: '{ me { id } }', documentId: 'people' }],
    ['introspection that is not listed', { query: '{ __schema { queryType { name } } }' }],
    ['what is no GraphQL', { query: '{' }],
    ['nothing', { variables: {} }],
  ])('%s is refused before it is parsed', async (_what, body) => {
    gateway.subgraphs.asked.length = 0;
    const { status, errors } = await post(body);
    expect([status, errors, gateway.subgraphs.asked]).toEqual([403, [REFUSED], []]);
  });

  test('an id that is not listed is named', async () => {
    expect((await post({ documentId: 'nothing' })).errors[0]).toEqual({ message: 'The operation "nothing" is none of those that may be run here', extensions: { code: 'OPERATION_NOT_TRUSTED' } });
  });

  test('a listed operation may be larger than the limits, and may ask for the schema', async () => {
    expect(Object.keys((await post({ documentId: 'large' })).data)).toHaveLength(120);
    expect((await post({ query: SCHEMA })).data.__schema.queryType.name).toBe('Query');
  });

  test('over a WebSocket and a stream the same operations run, and no others', async () => {
    const socket = await TestSocket.acknowledged(gateway.url, credential);
    const ask = (id: string, payload: object) => socket.send({ id, type: 'subscribe', payload: { query: '', ...payload } });
    ask('visits', { documentId: 'visits' });
    const stream = await TestEventStream.open(gateway.url, { documentId: 'visits' }, { token: credential });
    expect(stream.status).toBe(200);
    await expect.poll(() => gateway.subgraphs.visitors).toBe(1);
    gateway.subgraphs.visit('1', 'hello');
    expect(await socket.results('visits', 1)).toEqual([{ visited: { note: 'hello' } }]);
    expect(await stream.next(1)).toEqual([{ data: { visited: { note: 'hello' } } }]);
    ask('large', { query: LARGE });
    expect(Object.keys((await socket.results('large', 1))[0])).toHaveLength(120);
    ask('other', { query: 'subscription { visited { id } }' });
    expect((await socket.until(({ id }) => id === 'other')).payload).toEqual([REFUSED]);
    const refused = await TestEventStream.open(gateway.url, { query: 'subscription { visited { id } }' });
    expect(refused.status).toBe(403);
    socket.end();
    stream.end();
    refused.end();
  });
});

describe('a list that is read again', () => {
  const PERSON = 'query Person { person(id: "1") { name } }';
  let file: string;
  let gateway: TestGateway;
  const run = async (query: string) => (await gateway.ask(query)).errors[0]?.extensions.code;
  const reload = () => gateway.reload(gateway.graph.supergraphSdl);
  beforeEach(async () => {
    file = await listed('again.json', { people: PEOPLE });
    gateway = await testGateway({ HUTONG_TRUSTED_OPERATIONS: file });
  });
  afterEach(() => gateway.stop());

  test('holds from then on, while the graph stays', async () => {
    const { graph } = gateway;
    await listed('again.json', { person: PERSON });
    expect([await run(PEOPLE), await run(PERSON)]).toEqual([undefined, 'OPERATION_NOT_TRUSTED']);
    await reload();
    expect([await run(PEOPLE), await run(PERSON)]).toEqual(['OPERATION_NOT_TRUSTED', undefined]);
    expect(gateway.graph).toBe(graph);
  });

  test.each([
    ['does not fit the graph', { people: PEOPLE, wrong: '{ nobody }' }],
    ['is broken', '{'],
    ['is empty', {}],
  ])('and %s is refused, with the one before in use', async (_what, content) => {
    await listed('again.json', content);
    await reload();
    expect(await run(PEOPLE)).toBeUndefined();
  });

  test('comes into use with the graph that it needs, and that graph with it', async () => {
    const SHOE = 'query Shoe { person(id: "1") { shoe } }';
    const supergraphSdl = await composeSupergraph(gateway.subgraphs.sdl.map(({ name, sdl }) => ({ name, sdl: sdl.replace('label: String!', 'label: String!, colour: String') })));
    const COLOUR = 'query Colour { person(id: "1") { things { colour } } }';
    await listed('again.json', { people: PEOPLE, colour: COLOUR, shoe: SHOE });
    await gateway.reload(supergraphSdl);
    expect([await run(PEOPLE), await run(COLOUR)]).toEqual([undefined, 'OPERATION_NOT_TRUSTED']);
    await listed('again.json', { people: PEOPLE, colour: COLOUR });
    await gateway.reload(supergraphSdl);
    expect(await run(COLOUR)).toBeUndefined();
    expect(gateway.graph.supergraphSdl).toBe(supergraphSdl);
  });
});

test('the list may be a JSON object of documents by their ids, or a folder of documents', async () => {
  const plain = await testGateway({ HUTONG_TRUSTED_OPERATIONS: await listed('plain.json', { people: PEOPLE }) });
  await listed('people.graphql', PEOPLE);
  const files = await testGateway({ HUTONG_TRUSTED_OPERATIONS: folder });
  for (const gateway of [plain, files]) {
    const { data } = await gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"documentId":"people"}' });
    expect(data).toEqual({ people: { nodes: [{ name: 'person 1' }] } });
    expect((await gateway.ask('{ me { id } }')).errors[0]?.extensions.code).toBe('OPERATION_NOT_TRUSTED');
    expect((await gateway.request('/')).status).toBe(404);
    await gateway.stop();
  }
});

test.each([
  ['no GraphQL', { broken: '{ people { ' }, 'the operation "broken" does not fit the graph: Syntax Error'],
  ['a field that is not there', { wrong: '{ nobody }' }, 'the operation "wrong" does not fit the graph: Cannot query field "nobody"'],
  ['no operation', { empty: 'fragment f on Person { id }' }, 'the operation "empty" does not fit the graph'],
  ['a manifest of another version', { format: 'apollo-persisted-query-manifest', version: 2, operations: [] }, 'is neither a persisted-query manifest of Apollo, version 1, nor a JSON object'],
  ['one id twice', { format: 'apollo-persisted-query-manifest', version: 1, operations: [operation('a', PEOPLE), operation('a', RENAME)] }, 'the id "a" stands twice'],
  ['nothing', {}, 'holds no operation'],
  ['no JSON', 'people', 'is not JSON'],
])('a list with %s stops the start with one line', async (_what, content, part) => {
  const file = await listed('bad.json', content);
  const failure = await testGateway({ HUTONG_TRUSTED_OPERATIONS: file }).catch((error: unknown) => error as Error);
  expect(failure).toMatchObject({ name: 'SettingError', message: expect.stringContaining(part) });
  expect((failure as Error).message).toMatch(/^HUTONG_TRUSTED_OPERATIONS: [^\n]+$/);
});

test('a list that is not there stops the start', async () => {
  await expect(testGateway({ HUTONG_TRUSTED_OPERATIONS: path.join(folder, 'nowhere.json') })).rejects.toThrow(/^HUTONG_TRUSTED_OPERATIONS: ENOENT/);
});
