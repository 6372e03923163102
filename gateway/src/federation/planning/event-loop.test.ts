import { monitorEventLoopDelay } from 'node:perf_hooks';
import { silentLog, type SubgraphConnection } from '@hutong/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testGateway, type TestGateway } from '../../testkit/test-gateway.js';

// What is hostile here passes every limit but that of planning. Were it planned on the event loop, that would stand still for as long
// as planning may take.

const PLANNING_MS = 1_200;
const REFUSALS = new RegExp(`^planning: at most (?:${PLANNING_MS} ms \\(LIMIT_PLANNING_MS\\)|256 MiB of memory) to plan an operation allowed$`);

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@interfaceObject"])\n';
const TYPES = ['A', 'B', 'C', 'D', 'E'];
const knots = (own: string): string => `${LINK} interface Knot @key(fields: "id") { id: ID! next: Knot all: [Knot!] } ${TYPES.map((name) => `type ${name} implements Knot @key(fields: "id") { id: ID! next: Knot @shareable all: [Knot!] @shareable ${own}: String }`).join(' ')}`;
const SUBGRAPHS = { one: `${knots('one')} type Query { knot: Knot }`, two: knots('two'), more: `${LINK} type Knot @key(fields: "id") @interfaceObject { id: ID! more: Knot }` };

const times = (count: number, of: (at: number) => string): string => Array.from({ length: count }, (_, at) => of(at)).join(' ');

const HOSTILE: Record<string, string> = {
  'interfaces that lead to each other': `{ knot { ${'more { next { '.repeat(2)} id ${'} } '.repeat(2)} } }`,
  'aliases of lists of interfaces': `{ knot { ${times(15, (at) => `a${at}: next { more { next { id } } }`)} } }`,
  'as many fragments as fit into a document': `{ knot { ${times(60, (at) => `...f${at}`)} } } ${times(60, (at) => `fragment f${at} on Knot { next { id more { id } } }`)}`,
};

const PING = '{ me { name } }';

let gateway: TestGateway;
beforeAll(async () => {
  const connectionTo = (name: string): SubgraphConnection => ({ name, execute: async () => ({ data: {} }), subscribe: () => Promise.reject(new Error('it has no events')), ready: async () => undefined });
  const more = Object.entries(SUBGRAPHS).map(([name, sdl]) => ({ sdl, connection: connectionTo(name) }));
  gateway = await testGateway({ LIMIT_PLANNING_MS: String(PLANNING_MS), LIMIT_COST: '100000' }, silentLog, more);
  await gateway.ask(PING);
});
afterAll(() => gateway.stop());

test.each(Object.entries(HOSTILE))('%s do not hold up other clients', async (_what, query) => {
  const delay = monitorEventLoopDelay({ resolution: 5 });
  delay.enable();
  const headers = { authorization: `Bearer ${gateway.subgraphs.credential('alice')}` };
  let ended = false;
  const hostile = gateway.ask(query).finally(() => (ended = true));
  let pings = 0;
  do {
    expect((await gateway.ask(PING, { headers })).errors).toEqual([]);
    pings++;
  } while (!ended);
  const { errors } = await hostile;
  delay.disable();
  // Some machines plan it in time, and some have it take too much memory before it takes too long.
  expect(errors.map(({ message }) => message).filter((message) => !REFUSALS.test(message))).toEqual([]);
  expect(pings).toBeGreaterThan(5);
  expect(delay.max / 1e6).toBeLessThan(PLANNING_MS);
});
