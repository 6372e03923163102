import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestEventStream } from '../testkit/test-event-stream.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestSocket } from '../testkit/test-socket.js';

let gateway: TestGateway;
let credential: string;
beforeAll(async () => {
  gateway = await testGateway();
  credential = gateway.subgraphs.credential('alice');
});
afterAll(() => gateway.stop());

const QUERY = 'query People { people(first: 1) { nodes { name } } }';
const ANSWER = { people: { nodes: [{ name: 'person 1' }] } };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hashed = (text: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: sha256(text) } } });
const post = (body: object) => gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
const get = (parameters: Record<string, string>) => gateway.request(`/graphql?${new URLSearchParams(parameters).toString()}`, { headers: { 'apollo-require-preflight': 'true' } });

test('a document that was sent once with its hash is found by the hash alone, by POST and by GET', async () => {
  const before = await post(hashed(QUERY));
  expect([before.status, before.errors]).toEqual([200, [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }]]);
  expect((await post({ query: QUERY, ...hashed(QUERY) })).data).toEqual(ANSWER);
  expect((await post(hashed(QUERY))).data).toEqual(ANSWER);
  expect((await get({ extensions: JSON.stringify(hashed(QUERY).extensions) })).data).toEqual(ANSWER);
});

test('a hash over a WebSocket or a stream means the same documents', async () => {
  const subscription = 'subscription Visits { visited { id note } }';
  const socket = await TestSocket.acknowledged(gateway.url, credential);
  const ask = (id: string, payload: object) => socket.send({ id, type: 'subscribe', payload: { query: '', ...payload } });
  ask('1', hashed(subscription));
  expect((await socket.until(({ id }) => id === '1')).payload[0].extensions).toEqual({ code: 'PERSISTED_QUERY_NOT_FOUND' });
  ask('2', { query: subscription, ...hashed(subscription) });
  await expect.poll(() => gateway.subgraphs.visitors).toBe(1);
  ask('3', hashed(subscription));
  const stream = await TestEventStream.open(gateway.url, hashed(subscription), { token: credential });
  expect(stream.status).toBe(200);
  gateway.subgraphs.visit('1', 'hello');
  expect(await socket.results('3', 1)).toEqual([{ visited: { id: '1', note: 'hello' } }]);
  expect(await stream.next(1)).toEqual([{ data: { visited: { id: '1', note: 'hello' } } }]);
  await post({ query: QUERY, ...hashed(QUERY) });
  ask('4', hashed(QUERY));
  expect(await socket.results('4', 1)).toEqual([ANSWER]);
  socket.end();
  stream.end();
});

test.each([
  ['a hash of another document', { query: QUERY, extensions: { persistedQuery: { version: 1, sha256Hash: sha256('{ me { id } }') } } }, 'extensions.persistedQuery.sha256Hash'],
  ['what is no hash', { query: QUERY, extensions: { persistedQuery: { version: 1, sha256Hash: '__proto__' } } }, 'extensions.persistedQuery.sha256Hash'],
  ['another version of the protocol', { query: QUERY, extensions: { persistedQuery: { version: 2, sha256Hash: sha256(QUERY) } } }, 'extensions.persistedQuery.version'],
  ['an id where nothing is trusted', { documentId: 'People' }, 'documentId'],
])('%s is refused, naming it', async (_what, body, field) => {
  const { status, errors } = await post(body);
  expect([status, errors.map(({ extensions }) => extensions)]).toEqual([400, [{ code: 'BAD_INPUT', field }]]);
});

test('a document found by its hash is held to every limit', async () => {
  const deep = `{ person(id: "1") ${'{ friends '.repeat(9)}{ id }${' }'.repeat(9)} }`;
  const refused = 'depth: at most 10 levels allowed, got 11';
  expect((await post({ query: deep, ...hashed(deep) })).errors[0]?.message).toBe(refused);
  expect((await post(hashed(deep))).errors[0]?.message).toBe(refused);
  const long = `# ${'x'.repeat(15_000)}\n{ __typename }`;
  expect((await post({ query: long, ...hashed(long) })).status).toBe(413);
  expect((await post(hashed(long))).errors[0]?.extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
});

test('a mutation is not run by GET, whatever names it', async () => {
  const mutation = 'mutation { rename(id: "1", name: "x") { id } }';
  await post({ query: mutation, ...hashed(mutation) });
  const before = gateway.subgraphs.renamed;
  const { status, headers } = await get({ extensions: JSON.stringify(hashed(mutation).extensions) });
  expect([status, headers.get('allow'), gateway.subgraphs.renamed - before]).toEqual([405, 'POST', 0]);
});

test('documents sent with their hashes are forgotten when there are many, the least recently used first', async () => {
  const first = '{ people { nodes { id } } } # first';
  await post({ query: first, ...hashed(first) });
  const padding = 'x'.repeat(14_900);
  for (let n = 0; n < 600; n += 1) {
    const text = `{ # ${n} ${padding}`;
    await post({ query: text, ...hashed(text) });
  }
  expect((await post(hashed(first))).errors[0]?.extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
});
