import { setTimeout } from 'node:timers/promises';
import { silentLog, type SubgraphConnection } from '@hutong/common';
import { parse } from 'graphql';
import { beforeAll, describe, expect, test } from 'vitest';
import { composeSupergraph } from '../compose.js';
import { PlannedGraph } from '../planned-graph.js';
import { FairQueue } from './fair.queue.js';
import { PlannerPool } from './planner.pool.js';

// Interfaces that lead to each other over subgraphs: what the planner looks at grows many times over with every level and every type.

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@interfaceObject"])\n';

function subgraphsOf(types: readonly string[]): { name: string; sdl: string }[] {
  const things = (own: string): string => `${LINK} interface Thing @key(fields: "id") { id: ID! next: Thing } ${types.map((name) => `type ${name} implements Thing @key(fields: "id") { id: ID! next: Thing @shareable ${own}: String }`).join(' ')}`;
  return [
    { name: 'one', sdl: `${things('one')} type Query { thing: Thing }` },
    { name: 'two', sdl: things('two') },
    { name: 'more', sdl: `${LINK} type Thing @key(fields: "id") @interfaceObject { id: ID! more: Thing }` },
  ];
}

const GRAPHS = { long: ['A', 'B', 'C', 'D', 'E'], endless: ['A', 'B', 'C', 'D', 'E', 'F'] };
const sdls = { long: '', endless: '' };

beforeAll(async () => {
  for (const name of ['long', 'endless'] as const) sdls[name] = await composeSupergraph(subgraphsOf(GRAPHS[name]));
});

function graphOf(planningMs: number, of: keyof typeof GRAPHS = 'long'): PlannedGraph {
  const nothing = async (): Promise<never> => {
    throw new Error('nothing is asked for');
  };
  const connections = new Map(['one', 'two', 'more'].map((name): [string, SubgraphConnection] => [name, { name, execute: nothing, subscribe: nothing, ready: nothing }]));
  return new PlannedGraph({ supergraphSdl: sdls[of], connections, subgraphTimeoutMs: 1_000, planningMs, responseBytes: 1_000, executor: 'compiled', log: silentLog });
}

/** Nobody can plan it; another one with each number. */
const hostile = (number = 0): string => `{ thing { n${number}: id more { next { more { next { id } } } } } }`;
const easy = (number = 0): string => `{ thing { n${number}: id more { id } } }`;

/** Asks for a plan, and tells of its kind or why there is none. */
const planned = (graph: PlannedGraph, text: string, asker?: string): Promise<string> =>
  graph.plan({ text, document: parse(text), asker }).then(
    ({ kind }) => kind,
    (failure: Error) => failure.message,
  );

describe('an operation that nobody can plan', () => {
  test('is refused, and others are planned on', async () => {
    const graph = graphOf(400);
    for (const number of [1, 2]) expect(await planned(graph, hostile(number), 'mallory')).toContain('planning: at most 400 ms (LIMIT_PLANNING_MS) to plan an operation');
    expect(await planned(graph, easy(), 'mallory')).toBe('query');
  });

  test('is refused for the memory that it takes, when it may take long', async () => {
    expect(await planned(graphOf(60_000), hostile(), 'mallory')).toContain('planning: at most 256 MiB of memory to plan an operation');
  });

  test('is refused for the ways that there are to do it', async () => {
    expect(await planned(graphOf(60_000, 'endless'), hostile(), 'mallory')).toContain('planning: at most as many ways as can be compared to plan an operation');
  });

  test('does not keep others waiting, however many of them somebody sends', async () => {
    const graph = graphOf(500);
    let refused = 0;
    const hostiles = Array.from({ length: 4 }, (_, number) => planned(graph, hostile(number), 'mallory').finally(() => refused++));
    const others = ['alice', 'bob'].map((asker, number) => planned(graph, easy(number), asker));
    expect(await Promise.all(others)).toEqual(['query', 'query']);
    expect(refused).toBeLessThan(4);
    await Promise.all(hostiles);
  });

  test('leaves the event loop to others', async () => {
    const graph = graphOf(500);
    let ended = false;
    const refused = planned(graph, hostile(), 'mallory').finally(() => (ended = true));
    let turns = 0;
    while (!ended) {
      await setTimeout(5);
      turns++;
    }
    expect(await refused).toContain('LIMIT_PLANNING_MS');
    expect(turns).toBeGreaterThan(10);
  });
});

test('what cannot be begun in time is refused by name, and may be tried again', async () => {
  const graph = graphOf(1);
  const asked = Array.from({ length: 101 }, (_, number) => graph.plan({ text: hostile(number), document: parse(hostile(number)), asker: 'mallory' }));
  const outcomes = await Promise.allSettled(asked);
  const codes = outcomes.map((outcome) => (outcome.status === 'rejected' ? (outcome.reason as { code: string }).code : outcome.status));
  expect(new Set(codes)).toEqual(new Set(['LIMIT_EXCEEDED', 'PLANNER_BUSY']));
  const { reason } = outcomes[codes.indexOf('PLANNER_BUSY')] as PromiseRejectedResult;
  expect(reason).toMatchObject({ status: 503, extensions: { retryAfterSeconds: 1 } });
});

test('an operation of the platform itself may take any time to plan', async () => {
  const graph = graphOf(1);
  expect(await planned(graph, hostile(1), 'alice')).toContain('planning: at most 1 ms');
  expect(await planned(graph, easy(1))).toBe('query');
});

test('what is asked for by many at once is planned once', async () => {
  const graph = graphOf(5_000);
  const plans = await Promise.all(['alice', 'bob', 'carol'].map((asker) => graph.plan({ text: easy(), document: parse(easy()), asker })));
  expect(new Set(plans).size).toBe(1);
});

describe('a thread that has nothing to do', () => {
  const asking = (pool: PlannerPool) => {
    const graph = pool.supergraph(sdls.long);
    return (text: string, milliseconds = Infinity) => pool.plan('alice', { graph, text, operationName: undefined, milliseconds });
  };

  test('ends after a while, and what is asked for later begins another one', async () => {
    const pool = new PlannerPool(1);
    const plan = asking(pool);
    for (const number of [1, 2]) {
      expect((await plan(easy(number))).kind).toBe('QueryPlan');
      await expect.poll(() => pool.threads).toBe(0);
    }
  });

  test('ends though nobody ever asked for anything', async () => {
    const pool = new PlannerPool(1);
    pool.start();
    expect(pool.threads).toBe(1);
    await expect.poll(() => pool.threads).toBe(0);
  });

  test('loses nothing that is asked for while it ends', async () => {
    const plan = asking(new PlannerPool(0));
    const asked = Array.from({ length: 6 }, async (_, number) => {
      await setTimeout(number);
      return plan(easy(number));
    });
    expect((await Promise.all(asked)).map(({ kind }) => kind)).toEqual(asked.map(() => 'QueryPlan'));
  });

  test('stays as long as it has work', async () => {
    const pool = new PlannerPool(1);
    await expect(asking(pool)(hostile(), 300)).rejects.toThrow('LIMIT_PLANNING_MS');
  });
});

test('whoever asks has one turn in each round', () => {
  const queue = new FairQueue<string>();
  for (const item of ['m1', 'm2', 'm3']) queue.add('mallory', item);
  queue.add('alice', 'a1');
  queue.add('bob', 'b1');
  expect(queue.remove('bob', 'b1')).toBe(true);
  expect(queue.remove('bob', 'b1')).toBe(false);
  queue.add('carol', 'c1');
  const busy = new Set(['carol']);
  expect([queue.take(busy), queue.take(busy), queue.take(busy), queue.take(busy), queue.take(busy)]).toEqual(['m1', 'a1', 'm2', 'm3', undefined]);
  expect([queue.hasNext(busy), queue.hasNext(new Set()), queue.size, queue.sizeOf('carol')]).toEqual([false, true, 1, 1]);
});
