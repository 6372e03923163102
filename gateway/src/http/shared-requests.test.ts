import { EventQueue, LocalConnection, silentLog, type SubgraphRequest } from '@hutong/common';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { parse } from 'graphql';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestSocket } from '../testkit/test-socket.js';

const SDL = 'type Query { count(of: ID): Int! } type Mutation { increase: Int! } type Subscription { increased: Int! }';

/** Queries wait here for their answers; each is the count when it began. */
let asked: { request: SubgraphRequest; answer: () => void; fail: () => void }[];
let count: number;
/** How often the connection was told of a change. */
let changes: number;
let events: EventQueue<{ increased: number }>;

function counting(): LocalConnection {
  const schema = buildSubgraphSchema([{ typeDefs: parse(SDL) }]);
  Object.assign(schema.getQueryType()!.getFields()['count']!, {
    resolve: (_source: unknown, _arguments: unknown, request: SubgraphRequest) => {
      const now = count;
      const { promise, resolve, reject } = Promise.withResolvers<number>();
      asked.push({ request, answer: () => resolve(now), fail: () => reject(new Error('lost')) });
      request.signal.addEventListener('abort', () => reject(request.signal.reason as Error));
      return promise;
    },
  });
  Object.assign(schema.getMutationType()!.getFields()['increase']!, { resolve: () => ++count });
  Object.assign(schema.getSubscriptionType()!.getFields()['increased']!, { subscribe: () => (events = new EventQueue(10, () => undefined)) });
  return new LocalConnection({ name: 'counts', schema, contextFor: (request) => request, ready: async () => undefined, log: silentLog });
}

let gateway: TestGateway;
let alice: string;
async function open(environment: Record<string, string> = {}): Promise<void> {
  asked = [];
  count = 0;
  changes = 0;
  gateway = await testGateway(environment, silentLog, [{ sdl: SDL, connection: Object.assign(counting(), { changed: () => (changes += 1) }) }]);
  alice = gateway.subgraphs.credential('alice');
  await vi.waitUntil(() => gateway.subgraphs.listeners === 1);
  // Planned, and the caller known.
  const first = ask();
  await next(1);
  asked.shift()!.answer();
  await first;
}
beforeEach(() => open());
afterEach(() => gateway.stop());

const QUERY = 'query ($of: ID) { count(of: $of) }';
interface Asking {
  /** Undefined: alice's. */
  credential?: string | null;
  variables?: object;
  signal?: AbortSignal;
}

const ask = (id = 'any', { credential = alice, variables = {}, signal }: Asking = {}) =>
  gateway.request('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': id, ...(credential === null ? {} : { authorization: `Bearer ${credential}` }) },
    body: JSON.stringify({ query: QUERY, variables }),
    ...(signal ? { signal } : {}),
  });
const next = async (length: number) => {
  await expect.poll(() => asked.length).toBe(length);
};
/** Long enough for a request that waits for nothing to get to the subgraph. */
const passed = async () => {
  const other = ask(undefined, { variables: { of: `marker ${Math.random()}` } });
  const before = asked.length;
  await next(before + 1);
  asked.pop()!.answer();
  await other;
};
const increase = () => gateway.ask('mutation { increase }', { headers: { authorization: `Bearer ${alice}` } });

test('equal queries of one caller that are under way at once are run once, and each is answered as its own', async () => {
  const requests = ['one', 'two', 'three'].map((id) => ask(id));
  await next(1);
  await passed();
  expect(asked).toHaveLength(1);
  asked[0]!.answer();
  const answers = await Promise.all(requests);
  expect(answers.map(({ status, text, headers }) => [status, text, headers.get('x-request-id')])).toEqual(['one', 'two', 'three'].map((id) => [200, '{"data":{"count":0}}', id]));
  const later = ask();
  await next(2);
  asked[1]!.answer();
  expect((await later).data).toEqual({ count: 0 });
});

test('queries that differ in their caller or variables are each run', async () => {
  const bob = gateway.subgraphs.credential('bob');
  const requests = [ask(), ask('b', { credential: bob }), ask('c', { variables: { of: '1' } }), ask('d', { variables: { of: '2' } }), ask('e', { credential: null })];
  await next(requests.length);
  for (const { answer } of asked) answer();
  for (const { data } of await Promise.all(requests)) expect(data).toEqual({ count: 0 });
});

test('who goes away takes no answer from those who stay, and the last ends the work', async () => {
  const gone = new AbortController();
  const first = ask('first', { signal: gone.signal });
  await next(1);
  const second = ask('second');
  await passed();
  gone.abort(new Error('gone'));
  await expect(first).rejects.toThrow('gone');
  await passed();
  expect(asked[0]!.request.signal.aborted).toBe(false);
  asked[0]!.answer();
  expect((await second).data).toEqual({ count: 0 });
  expect(asked).toHaveLength(1);

  const alone = new AbortController();
  const third = ask('third', { signal: alone.signal });
  await next(2);
  alone.abort(new Error('gone'));
  await expect(third).rejects.toThrow('gone');
  await expect.poll(() => asked[1]!.request.signal.aborted).toBe(true);
});

test('a query that comes after the answer to a mutation sees what that did, whatever is under way', async () => {
  const before = ask('before');
  await next(1);
  expect([(await increase()).data, changes]).toEqual([{ increase: 1 }, 1]);
  const after = ask('after');
  await next(2);
  const equal = ask('equal');
  await passed();
  expect(asked).toHaveLength(2);
  for (const { answer } of asked) answer();
  expect([(await before).data, (await after).data, (await equal).data]).toEqual([{ count: 0 }, { count: 1 }, { count: 1 }]);
});

test('a query that comes after an event sees what that tells of', async () => {
  const socket = await TestSocket.acknowledged(gateway.url, alice);
  socket.subscribe('1', 'subscription { increased }');
  await expect.poll(() => events).toBeDefined();
  const before = ask('before');
  await next(1);
  events.push({ increased: ++count });
  await expect.poll(() => socket.of('1')).toMatchObject([{ type: 'next', payload: { data: { increased: 1 } } }]);
  const after = ask('after');
  await next(2);
  for (const { answer } of asked) answer();
  expect([(await before).data, (await after).data]).toEqual([{ count: 0 }, { count: 1 }]);
  socket.socket.close();
  await socket.closed;
});

test('a failure is told to all who wait for it', async () => {
  const requests = ['one', 'two'].map((id) => ask(id));
  await next(1);
  await passed();
  asked[0]!.fail();
  for (const { errors } of await Promise.all(requests)) expect(errors).toMatchObject([{ path: ['count'], extensions: { code: 'INTERNAL_SERVER_ERROR' } }]);
  expect(asked).toHaveLength(1);
});

test('by a setting each is run', async () => {
  await gateway.stop();
  await open({ SUBGRAPH_SHARED_QUERIES: 'false' });
  const requests = [ask(), ask()];
  await next(2);
  for (const { answer } of asked) answer();
  for (const { data } of await Promise.all(requests)) expect(data).toEqual({ count: 0 });
});
