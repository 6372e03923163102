import { setImmediate as turn } from 'node:timers/promises';
import { buildSchema, type ExecutionResult } from 'graphql';
import { beforeEach, expect, test } from 'vitest';
import { anonymous } from '../caller/caller.js';
import { EventQueue } from '../events/event-queue.js';
import { silentLog } from '../log/log.js';
import type { SubgraphRequest } from './connection.js';
import { LocalConnection } from './local-connection.js';

const AT_ONCE = 32;
const MANY = 100;

const schema = buildSchema('type Query { slow: Int } type Mutation { slow: Int } type Subscription { told: Int }');
let open: PromiseWithResolvers<void>;
let running: number;
let most: number;
const sources = new Set<EventQueue<{ told: () => Promise<number> }>>();

/** Waits for the gate. */
async function slow(): Promise<number> {
  most = Math.max(most, ++running);
  await open.promise;
  running -= 1;
  return 1;
}
for (const type of [schema.getQueryType()!, schema.getMutationType()!]) Object.assign(type.getFields().slow!, { resolve: slow });
Object.assign(schema.getSubscriptionType()!.getFields().told!, {
  subscribe: () => {
    const events = new EventQueue<{ told: () => Promise<number> }>(10, () => sources.delete(events));
    sources.add(events);
    return events;
  },
});

let local: LocalConnection;
beforeEach(() => {
  local = new LocalConnection({ name: 'things', schema, contextFor: (of) => of, ready: async () => undefined, log: silentLog });
  open = Promise.withResolvers();
  running = most = 0;
});

const request = (document: string, over: Partial<SubgraphRequest> = {}): SubgraphRequest => ({
  document,
  variables: {},
  caller: anonymous,
  origin: 'client',
  requestId: 'r',
  signal: new AbortController().signal,
  ...over,
});
const ask = (document: string, over?: Partial<SubgraphRequest>) => local.execute(request(document, over));
const asked = (times: number, document: string, over?: Partial<SubgraphRequest>) => Array.from({ length: times }, () => ask(document, over));

test('of many queries at the same time only so many run at once, and all are answered', async () => {
  const answers = asked(MANY, '{ slow }');
  await turn();
  expect(running).toBe(AT_ONCE);
  open.resolve();
  expect(await Promise.all(answers)).toEqual(Array.from({ length: MANY }, () => ({ data: { slow: 1 } })));
  expect(most).toBe(AT_ONCE);
});

test('events and queries do not wait for one another, and mutations and peers for neither', async () => {
  const answers = [...asked(MANY, '{ slow }'), ...asked(MANY, '{ slow }', { live: true })];
  await turn();
  expect(running).toBe(2 * AT_ONCE);
  answers.push(...asked(MANY, 'mutation { slow }'), ...asked(MANY, '{ slow }', { origin: 'peer' }));
  await turn();
  expect(running).toBe(2 * AT_ONCE + 2 * MANY);
  open.resolve();
  await Promise.all(answers);
});

test('an event is executed for so many subscriptions at once, and told to all', async () => {
  const streams = await Promise.all(Array.from({ length: MANY }, () => local.subscribe(request('subscription { told }'))));
  const told = streams.map((stream) => (stream as AsyncIterableIterator<ExecutionResult>).next());
  for (const source of sources) source.push({ told: slow });
  await turn();
  expect(running).toBe(AT_ONCE);
  open.resolve();
  for (const { value } of await Promise.all(told)) expect(value).toEqual({ data: { told: 1 } });
  for (const stream of streams) await (stream as AsyncIterableIterator<ExecutionResult>).return!();
});

test('a query that is given up gives its turn to the next, and one that was given up while it waited never runs', async () => {
  const gone = new AbortController();
  const stalled = asked(AT_ONCE + MANY, '{ slow }', { signal: gone.signal });
  await turn();
  const next = ask('{ slow }');
  gone.abort(new Error('the caller has gone'));
  for (const { status } of await Promise.allSettled(stalled)) expect(status).toBe('rejected');
  await turn();
  expect(running).toBe(AT_ONCE + 1);
  open.resolve();
  expect(await next).toEqual({ data: { slow: 1 } });
});
