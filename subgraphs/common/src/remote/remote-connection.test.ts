import { createServer, type Server, type ServerResponse } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { buildSchema, type ExecutionResult } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { anonymous } from '../caller/caller.js';
import { AnswerBudget } from '../graph/answer-budget.js';
import { EventQueue } from '../events/event-queue.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { LocalConnection } from '../graph/local-connection.js';
import { REQUEST_ID } from '../http/request-id.js';
import { silentLog } from '../log/log.js';
import { bearerToken, CallerTokens, TOKEN_LIFETIME_MS } from './caller-token.js';
import type { HttpClientName } from './http-client.js';
import { RemoteConnection } from './remote-connection.js';
import { SubgraphEndpoint } from './subgraph-endpoint.js';
import { serveEndpoint, type SubgraphServer } from './subgraph-server.js';

const SECRET = 'a secret of this test';
const alice = { ...anonymous, userId: 'alice', roles: ['MEMBER' as const] };
const tokens = new CallerTokens(SECRET);
const schema = buildSchema('type Query { me: String slow: String } type Mutation { change: String } type Subscription { told: String }');
const request = (document: string, over: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  document,
  variables: {},
  caller: alice,
  origin: 'client',
  requestId: 'r1',
  signal: new AbortController().signal,
  ...over,
});

let asked = 0;
let ended = 0;
Object.assign(schema.getQueryType()!.getFields().me!, { resolve: (_source: unknown, _args: unknown, { caller }: SubgraphRequest) => `${++asked && caller.userId}` });
Object.assign(schema.getSubscriptionType()!.getFields().told!, {
  subscribe: () => {
    const events = new EventQueue<{ told: string }>(10, () => (ended += 1));
    events.push({ told: 'first' });
    return events;
  },
});
const local = new LocalConnection({ name: 'things', schema, contextFor: (of) => of, ready: async () => undefined, log: silentLog });

test('a token is good for one audience, one secret and 60 s', () => {
  const token = tokens.sign('things', request(''));
  expect(tokens.verify('things', token)).toEqual({ caller: alice, origin: 'client' });
  expect(tokens.verify('people', token)).toBeUndefined();
  expect(new CallerTokens('another').verify('things', token)).toBeUndefined();
  expect(new CallerTokens(SECRET, () => Date.now() + TOKEN_LIFETIME_MS).verify('things', token)).toBeUndefined();
  const [body, mac] = token.split('.');
  for (const bad of [undefined, '', '.', body, `${body}.`, `${body}x.${mac}`, `${token}.x`]) expect(tokens.verify('things', bad)).toBeUndefined();
});

test('a token that is kept is signed again in time by the clock that tells its end, which may run on while the process sleeps', () => {
  let now = Date.now();
  const clock = () => now;
  const signing = new CallerTokens(SECRET, clock);
  const tokenOf = signing.signer('things', (token) => ({ token }));
  const first = tokenOf(request(''));
  for (const later of [TOKEN_LIFETIME_MS / 2, 1, TOKEN_LIFETIME_MS, -TOKEN_LIFETIME_MS, TOKEN_LIFETIME_MS]) {
    now += later;
    expect(signing.verify('things', tokenOf(request('')).token)).toBeDefined();
  }
  expect(tokenOf(request(''))).not.toBe(first);
  expect(tokenOf(request(''))).toBe(tokenOf(request('')));
});

describe.each<HttpClientName>(['lean', 'undici'])('asked by the client %s:', (client) => {
  let server: SubgraphServer;
  let remote: RemoteConnection;
  beforeAll(async () => {
    server = await serveEndpoint(new SubgraphEndpoint({ name: 'things', schema, connection: local }, tokens, silentLog), { host: '127.0.0.1', port: 0 });
    remote = new RemoteConnection({ name: 'things', url: `http://127.0.0.1:${server.port}`, secret: SECRET, client, log: silentLog });
  });
  afterAll(async () => {
    await remote.close();
    await server.stop(1_000);
  });

  test.each(['{ _service { sdl } }', '{ __schema { types { name } } }', 'not GraphQL'])('without a token %s is answered with 401', async (query) => {
    const ask = (headers: Record<string, string>) => fetch(`http://127.0.0.1:${server.port}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify({ query }) });
    expect((await ask({})).status).toBe(401);
    expect((await ask({ authorization: `Bearer ${tokens.sign('people', request(''))}` })).status).toBe(401);
    expect((await fetch(`http://127.0.0.1:${server.port}/elsewhere`)).status).toBe(401);
  });

  test('who can read an answer byte by byte is given its bytes, and may leave it as it is', async () => {
    const bodies: string[] = [];
    const reading = (result?: ExecutionResult) => request('{ me }', { read: (body) => (bodies.push(body.toString('latin1').trim()), result) });
    expect(await remote.execute(reading({ data: { read: true } }))).toEqual({ data: { read: true } });
    expect(await remote.execute(reading())).toEqual({ data: { me: 'alice' } });
    expect(bodies).toEqual(['{"data":{"me":"alice"}}', '{"data":{"me":"alice"}}']);
  });

  test('a subgraph is told the id of each request, by a token that its caller keeps', async () => {
    const told: string[][] = [];
    const listening = createServer(({ headers }, response) => {
      told.push([headers[REQUEST_ID] as string, headers.authorization!]);
      response.end('{"data":{"me":null}}');
    }).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const asking = new RemoteConnection({ name: 'things', url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, secret: SECRET, client, log: silentLog });
    for (const requestId of ['r1', 'r2', 'r1']) await asking.execute(request('{ me }', { requestId, caller: { ...alice } }));
    await asking.execute(request('{ me }', { requestId: 'r3', caller: { ...alice, roles: [] } }));
    await asking.execute(request('{ me }', { requestId: 'r4', origin: 'stored' }));
    await asking.close();
    listening.close();
    expect(told.map(([requestId]) => requestId)).toEqual(['r1', 'r2', 'r1', 'r3', 'r4']);
    expect(told.map(([, token]) => token === told[0]![1])).toEqual([true, true, true, false, false]);
    expect(told.slice(2).map(([, token]) => tokens.verify('things', bearerToken(token)))).toEqual([
      { caller: alice, origin: 'client' },
      { caller: { ...alice, roles: [] }, origin: 'client' },
      { caller: alice, origin: 'stored' },
    ]);
  });

  test('what tells its id is answered as that, and what says none that is sound gets one', async () => {
    const ids: string[] = [];
    const noting = new LocalConnection({ name: 'things', schema, contextFor: (of) => (ids.push(of.requestId), of), ready: async () => undefined, log: silentLog });
    const spied = await serveEndpoint(new SubgraphEndpoint({ name: 'things', schema, connection: noting }, tokens, silentLog), { host: '127.0.0.1', port: 0 });
    for (const headers of [{ [REQUEST_ID]: 'mine-7' }, { [REQUEST_ID]: 'not sound' }, {}]) {
      await fetch(`http://127.0.0.1:${spied.port}/graphql`, { method: 'POST', headers: { ...headers, authorization: `Bearer ${tokens.sign('things', request(''))}` }, body: JSON.stringify({ query: '{ me }' }) });
    }
    await spied.stop(1_000);
    expect(ids).toEqual(['mine-7', expect.stringMatching(/^[\w-]{36}$/), expect.stringMatching(/^[\w-]{36}$/)]);
  });

  test('answers as whoever asks', async () => {
    expect(await remote.execute(request('{ me }'))).toEqual({ data: { me: 'alice' } });
    expect(await remote.execute(request('{ me }', { caller: anonymous }))).toEqual({ data: { me: 'null' } });
    await remote.ready();
  });

  test('an answer that is too large is not made in the other process, and uses up the budget', async () => {
    const small = new AnswerBudget(1);
    const before = asked;
    const result = await remote.execute(request('{ a: me b: me c: me }', { budget: small }));
    expect(result).toEqual({ errors: [{ message: 'response: at most 1 bytes allowed', extensions: { code: 'LIMIT_EXCEEDED' } }] });
    await expect(small.exceeded).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' });
    expect(asked - before).toBe(1);
    const large = new AnswerBudget(100);
    expect(await remote.execute(request('{ me }', { budget: large }))).toEqual({ data: { me: 'alice' } });
    expect(large.left).toBeLessThan(190);
  });

  test('an identical query of the same caller that is under way is asked once', async () => {
    const before = asked;
    await Promise.all([remote.execute(request('{ me }')), remote.execute(request('{ me }')), remote.execute(request('{ me }', { caller: anonymous }))]);
    expect(asked - before).toBe(2);
  });

  test('an identical query that comes after a change by another way is asked again', async () => {
    const before = asked;
    const first = remote.execute(request('{ me }'));
    remote.changed();
    await Promise.all([first, remote.execute(request('{ me }')), remote.execute(request('{ me }'))]);
    expect(asked - before).toBe(2);
  });

  test('a subscription tells when it is there, brings events, and ends at once', async () => {
    const results = await remote.subscribe(request('subscription { told }'));
    if (!(Symbol.asyncIterator in results)) throw new Error('refused');
    expect((await results.next()).value).toEqual({ data: { told: 'first' } });
    const waiting = results.next();
    await results.return?.();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await expect.poll(() => ended).toBe(1);
  });

  test('a subscription that the schema does not have is refused with a result', async () => {
    expect(await remote.subscribe(request('subscription { nothing }'))).toMatchObject({ errors: [{ message: expect.stringContaining('nothing') }] });
  });

  let faulty: Server;
  let behave: (response: ServerResponse) => void;
  let calls = 0;
  beforeEach(async () => {
    calls = 0;
    faulty = createServer((_request, response) => {
      calls += 1;
      behave(response);
    }).listen(0, '127.0.0.1');
    await once(faulty, 'listening');
  });
  afterEach(async () => {
    faulty.closeAllConnections();
    faulty.close();
    await once(faulty, 'close');
  });

  const FAULTS: [string, (response: ServerResponse) => void][] = [
    ['resets the connection', (response) => void response.destroy()],
    ['cuts its body', (response) => response.writeHead(200, { 'content-length': '100' }).write('{"data"', () => response.destroy())],
    ['answers garbage', (response) => response.end('<html>')],
    ['answers JSON that is no result', (response) => response.end('{"data":7}')],
    ['answers 500', (response) => response.writeHead(500).end('{"data":{"me":"x"}}')],
  ];

  const toFaulty = (timeoutMs = 5_000) => new RemoteConnection({ name: 'things', url: `http://127.0.0.1:${(faulty.address() as AddressInfo).port}`, secret: SECRET, timeoutMs, client, log: silentLog });
  const UNAVAILABLE = { code: 'SUBGRAPH_UNAVAILABLE', message: expect.stringContaining('things') };

  test.each(FAULTS)('a subgraph that %s is unavailable; a query is tried again, a mutation is not', async (_what, fault) => {
    behave = fault;
    const connection = toFaulty();
    await expect(connection.execute(request('mutation { change }'))).rejects.toMatchObject(UNAVAILABLE);
    expect(calls).toBe(1);
    await expect(connection.execute(request('{ me }'))).rejects.toMatchObject(UNAVAILABLE);
    expect(calls).toBe(5);
    await connection.close();
  });

  test('a query gets over a fault that passes', async () => {
    behave = (response) => void (calls === 1 ? response.destroy() : response.end('{"data":{"me":"late"}}'));
    const connection = toFaulty();
    expect(await connection.execute(request('{ me }'))).toEqual({ data: { me: 'late' } });
    await connection.close();
  });

  test('one that is slow is given up', async () => {
    behave = () => undefined;
    const connection = toFaulty(100);
    await expect(connection.execute(request('{ me }'))).rejects.toMatchObject(UNAVAILABLE);
    await connection.close();
  });

  test('one that is asked to wait has the time for it, and keeps no other call waiting', async () => {
    const waiting: ServerResponse[] = [];
    behave = (response) => void (calls === 1 ? waiting.push(response) : response.end('{"data":{"me":"at once"}}'));
    const connection = new RemoteConnection({ name: 'things', url: `http://127.0.0.1:${(faulty.address() as AddressInfo).port}`, secret: SECRET, timeoutMs: 200, connections: 1, client, log: silentLog });
    const waited = connection.execute({ ...request('mutation { change }'), variables: { input: { waitSeconds: 5 } } });
    await expect.poll(() => waiting.length).toBe(1);
    expect(await connection.execute(request('{ me }'))).toEqual({ data: { me: 'at once' } });
    await delay(400);
    waiting[0]!.end('{"data":{"change":"done"}}');
    expect(await waited).toEqual({ data: { change: 'done' } });
    await connection.close();
  });

  test('one that fails too often is not asked for a moment, and then found again', async () => {
    behave = (response) => void response.destroy();
    const connection = toFaulty();
    for (let n = 0; n < 8; n++) await expect(connection.execute(request('mutation { change }'))).rejects.toMatchObject(UNAVAILABLE);
    expect(calls).toBe(5);
    behave = (response) => void response.end('{"data":{"me":"back"}}');
    await expect.poll(() => connection.execute(request('{ me }')).catch(() => undefined), { timeout: 10_000 }).toEqual({ data: { me: 'back' } });
    await connection.close();
  });
});
