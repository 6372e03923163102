import { Revisions, silentLog } from '@hutong/common';
import { parse } from 'graphql';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Readiness } from '../http/readiness.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { StoredGraph } from './stored-graph.js';
import { StoredOperations } from './stored-operations.js';

let gateway: TestGateway;
let stored: StoredGraph;
const revisions = new Revisions(() => true);
beforeAll(async () => {
  gateway = await testGateway();
  const { current, identity, connections } = gateway;
  await operations.prepare(gateway.graph);
  const readiness = new Readiness(['people', 'things'], connections, silentLog);
  readiness.started();
  stored = new StoredGraph({ current, operations, identity, revisions: new Map([['people', revisions]]), readiness, log: silentLog });
  await vi.waitUntil(() => gateway.subgraphs.listeners === 1);
});
afterAll(() => gateway.stop());

const ME = 'query Me { me { name } }';
const DEEP = `query Me { person(id: "1") ${'{ friends(first: 1) '.repeat(11)} { id } ${'}'.repeat(11)} }`;
const operations = new StoredOperations([ME, DEEP].map((text) => ({ text, document: parse(text), operationName: 'Me' })));
const { signal } = new AbortController();
const callerWith = (credential?: string, csrfToken?: string) => ({
  address: '203.0.113.7',
  requestId: 'r-1',
  ...(credential === undefined ? {} : { credential }),
  ...(csrfToken === undefined ? {} : { csrfToken }),
});
const run = (credential?: string, document = ME, csrfToken?: string) =>
  stored.execute({ document, operationName: 'Me', variables: {}, caller: callerWith(credential, csrfToken), signal });

test('a stored operation runs as whoever the credential belongs to, with the address and request id of its request', async () => {
  gateway.subgraphs.asked.length = 0;
  expect(await run(gateway.subgraphs.credential('alice'))).toEqual({ data: { me: { name: 'alice' } } });
  expect(gateway.subgraphs.asked.at(-1)).toMatchObject({ origin: 'stored', requestId: 'r-1', caller: { username: 'alice', address: '203.0.113.7' } });
});

test('failures come back as data, the credential’s own and the operation’s', async () => {
  expect(await run('unknown')).toMatchObject({ data: null, errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
  expect(await run()).toMatchObject({ data: { me: null }, errors: [{ path: ['me'], extensions: { code: 'UNAUTHENTICATED' } }] });
  const credential = gateway.subgraphs.credential('alice', { csrfToken: 'right' });
  expect(await run(credential, ME, 'wrong')).toMatchObject({ errors: [{ extensions: { code: 'CSRF_TOKEN_WRONG' } }] });
});

test('what is limited for clients is not for stored operations', async () => {
  expect((await run(undefined, DEEP)).errors).toBeUndefined();
});

test('an operation that the graph does not have is told by its name', async () => {
  const text = 'query Wrong { nobody { id } }';
  const wrong = new StoredOperations([{ text, document: parse(text), operationName: 'Wrong' }]);
  await expect(wrong.prepare(gateway.graph)).rejects.toThrow('The stored operation Wrong does not fit the graph: Cannot query field "nobody"');
});

test('a revision stands until the topic changes, and differs for callers who may see other things', async () => {
  const [alice, admin] = [gateway.subgraphs.credential('alice'), gateway.subgraphs.credential('root', { roles: ['ADMIN'] })];
  const of = (credential?: string, csrfToken?: string) => stored.revision('people.list', callerWith(credential, csrfToken));
  expect(of(alice)).toBeUndefined();
  await Promise.all([run(alice), run(admin)]);
  const first = of(alice);
  expect(first).toBeDefined();
  expect(of(alice)).toBe(first);
  expect(of(admin)).not.toBe(first);
  revisions.bump('other');
  expect(of(alice)).toBe(first);
  revisions.bump('list');
  expect(of(alice)).not.toBe(first);
  expect(stored.revision('nowhere.list', callerWith(alice))).toBeUndefined();
  expect(of(alice, 'wrong')).toBeUndefined();
  expect(of()).toBeUndefined();
});

test('a revoked credential has no revision', async () => {
  const credential = gateway.subgraphs.credential('alice');
  await run(credential);
  gateway.subgraphs.revoke(credential);
  await expect.poll(() => stored.revision('people.list', callerWith(credential)), { timeout: 1_000 }).toBeUndefined();
});

test('readiness says what is down', async () => {
  expect(await stored.readiness()).toEqual({ ready: true, message: 'ready' });
  const connection = gateway.connections.get('things')!;
  gateway.connections.delete('things');
  expect(await stored.readiness()).toEqual({ ready: false, message: 'not available: things' });
  gateway.connections.set('things', connection);
});
