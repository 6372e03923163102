import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin, type Actor } from '../testkit/actor.js';
import { figures } from '../testkit/figures.js';
import { send } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { INSPECTED, RemoteInspector } from '../testkit/remote.inspector.js';
import { hostileBodies } from './hostile.bodies.js';
import { hostileQueries, hostileSubscriptions, smallQuery, type HostileQuery } from './hostile.queries.js';
import { LONGEST_ADDRESS, overEventStream, overPost, overWebsocket, ways, type Outcome, type Way } from './hostile.transports.js';

// What was published as attacks on GraphQL servers, sent to the real platform over everything that it answers: refused with the
// limit's name, before anything is planned, without memory kept, and while others are answered.

let platform: Platform;
let root: Actor;

beforeAll(async () => {
  platform = await startPlatform({ environment: INSPECTED });
  root = await admin(platform);
});
afterAll(() => platform?.dispose());

const count = async (metric: string): Promise<number> => {
  const { text } = await send(platform, { path: '/metrics' });
  return Number(new RegExp(`^${metric} (\\S+)$`, 'm').exec(text)?.[1] ?? 0);
};
const plans = () => count('hutong_query_planning_duration_seconds_count');

function expectRefusal({ code, told }: HostileQuery, { data, errors }: Outcome): void {
  expect(data).toBeUndefined();
  expect(errors?.[0]?.message).toContain(told);
  expect(errors?.[0]?.extensions.code).toBe(code);
  expect(errors!.length).toBeLessThanOrEqual(21);
}

describe.each(ways)('over %s', (name, open) => {
  let way: Way;
  beforeAll(() => void (way = open(root)));
  afterAll(() => way.end());

  const fitting = hostileQueries.filter(({ query }) => name !== 'GET' || (encodeURIComponent(query).length < LONGEST_ADDRESS && !query.startsWith('mutation')));
  test.each(fitting)('$name ($from) is refused before it is planned', async (hostile) => {
    const before = await plans();
    expectRefusal(hostile, await way.ask(hostile));
    expect(await plans()).toBe(before);
  });

  test('somebody else is answered afterwards', async () => {
    expect((await way.ask({ query: smallQuery('after') })).data).toMatchObject({ me: { username: 'admin', after: ['ADMIN'] } });
  });
});

describe.each([['WebSocket', overWebsocket], ['server-sent events', overEventStream]] as const)('over %s', (_name, open) => {
  test('as subscriptions they are refused, all of them at once on one connection, and the connection stays', async () => {
    const way = open(root);
    const all = [...hostileSubscriptions, ...hostileQueries];
    const before = await plans();
    const outcomes = await Promise.all(all.map((hostile) => way.ask(hostile)));
    for (const [at, outcome] of outcomes.entries()) expectRefusal(all[at]!, outcome);
    expect(await plans()).toBe(before);
    expect((await way.ask({ query: smallQuery('afterAll') })).errors).toBeUndefined();
    await way.end();
  });
});

test.each(hostileBodies)('$name is refused', async ({ request, status, told }) => {
  const { status: answered, json } = await send(platform, request);
  expect([answered, json?.errors?.[0]?.message ?? '']).toEqual([status, expect.stringContaining(told ?? '')]);
});

test('hashes that nobody knows are refused, however many, and what is remembered of others stays bounded', async () => {
  const hash = (n: number) => n.toString(16).padStart(64, '0');
  for (let n = 0; n < 200; n++) {
    const { json } = await send(platform, { method: 'POST', path: '/graphql', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash: hash(n) } } }) });
    expect(json.errors[0].extensions.code).toBe('PERSISTED_QUERY_NOT_FOUND');
  }
});

const ROUNDS = 4;
/** Documents that are kept, beside what a collection leaves. */
const KEPT_MB = 30;

test('nothing of them is kept in memory', async ({ task }) => {
  const open = [overPost(root), overWebsocket(root), overEventStream(root)];
  const round = async (at: number) => {
    for (const [which, hostile] of hostileQueries.entries()) {
      // Another text each time, which no cache knows.
      const query = `${hostile.query} #${at}.${which}`;
      await Promise.all(open.map((way) => way.ask({ ...hostile, query })));
    }
    for (const { request } of hostileBodies) await send(platform, request);
  };
  const heap = await RemoteInspector.connect(platform.output());
  await round(0);
  const before = await heap.usedMb();
  for (let at = 1; at <= ROUNDS; at++) await round(at);
  const after = await heap.usedMb();
  heap.close();
  for (const way of open) await way.end();
  console.log(`heap: ${before.toFixed(1)} MB, ${after.toFixed(1)} MB after ${ROUNDS} rounds of ${hostileQueries.length * open.length + hostileBodies.length}`);
  figures(task, { 'attacks sent': ROUNDS * (hostileQueries.length * open.length + hostileBodies.length), 'MB kept of them': Math.max(0, Math.round(after - before)) });
  expect(after - before).toBeLessThan(KEPT_MB);
});

test('a small query of somebody else waits for a few of them, not for all', async () => {
  const senders = 8;
  let answered = 0;
  let over = false;
  const flood = Array.from({ length: senders }, async (_, sender) => {
    const way = overPost(root);
    for (let at = sender; !over; at++) {
      const hostile = hostileQueries[at % hostileQueries.length]!;
      expectRefusal(hostile, await way.ask({ ...hostile, query: `${hostile.query} #${sender}.${at}` }));
      answered++;
    }
  });
  const waits: number[] = [];
  const mine = overPost(root);
  for (let at = 0; at < 40; at++) {
    const before = answered;
    expect((await mine.ask({ query: smallQuery(`small${at}`) })).errors).toBeUndefined();
    waits.push(answered - before);
  }
  over = true;
  await Promise.all(flood);
  // Each sender has one on its way when the small one comes, and some more in the turns that its fetches take.
  expect(Math.max(...waits)).toBeLessThanOrEqual(senders * 8);
});
