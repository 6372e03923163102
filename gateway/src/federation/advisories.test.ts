import { silentLog, type SubgraphConnection } from '@hutong/common';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { composeSupergraph } from './compose.js';
import { PlannedGraph } from './planned-graph.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';

// Advisories of the libraries that the graph is made of, held against it.

const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n';

/** A subgraph in another process that somebody has taken over: it answers whatever the test wants. */
class TakenOver implements SubgraphConnection {
  readonly name = 'taken';
  readonly isRemote = true;
  answer = '';
  readonly asked: string[] = [];

  async execute({ variables }: Parameters<SubgraphConnection['execute']>[0]): Promise<object> {
    this.asked.push(JSON.stringify(variables));
    return JSON.parse(this.answer) as object;
  }

  async subscribe(): Promise<never> {
    throw new Error('it has no events');
  }

  async ready(): Promise<void> {}
}

describe.each(['apollo', 'compiled'] as const)('with the executor %s', (executor) => {
  let gateway: TestGateway;
  const taken = new TakenOver();
  beforeAll(async () => {
    const sdl = `${LINK} scalar Anything type Person @key(fields: "id") { id: ID! secret: Anything } type Trap { id: ID! word: String any: Anything inner: Trap } type Query { trap(any: Anything): Trap }`;
    gateway = await testGateway({ PLAN_EXECUTOR: executor }, silentLog, [{ sdl, connection: taken }]);
  });
  afterAll(() => gateway.stop());

  const everyObject = (): unknown => ({ ...Object.getOwnPropertyDescriptors(Object.prototype) });
  const BEFORE = Object.keys(Object.getOwnPropertyDescriptors(Object.prototype)).toSorted();
  const expectCleanPrototypes = () => {
    expect(Object.keys(everyObject() as object).toSorted()).toEqual(BEFORE);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    expect(([] as { polluted?: unknown }).polluted).toBeUndefined();
  };
  const asAlice = () => ({ token: gateway.subgraphs.credential('alice') });

  test.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'])('CVE-2026-32621: %s is an alias like any other, also where the answers of subgraphs are merged', async (name) => {
    const { data, errors, text } = await gateway.ask(`{ ${name}: me { polluted: name ${name}: things { polluted: label ${name}: owner { ${name}: name things { ${name}: label } } } } }`, { headers: asAlice() });
    expect(errors).toEqual([]);
    const me = Object.getOwnPropertyDescriptor(data, name)!.value as object;
    const [thing] = Object.getOwnPropertyDescriptor(me, name)!.value as [object];
    expect(thing).toMatchObject({ polluted: 'thing 0' });
    expect(text).toContain(`"${name}":{`);
    expectCleanPrototypes();
  });

  test.each([
    ['a field', '{"data":{"trap":{"__proto__":{"polluted":true},"word":"x"}}}', 'SUBGRAPH_UNAVAILABLE'],
    ['the answer', '{"__proto__":{"polluted":true},"data":{"trap":{"word":"x"}}}', undefined],
    ['the data', '{"data":{"__proto__":{"polluted":true},"trap":{"word":"x"}}}', 'SUBGRAPH_UNAVAILABLE'],
    ['constructor.prototype', '{"data":{"trap":{"constructor":{"prototype":{"polluted":true}},"word":"x"}}}', 'SUBGRAPH_UNAVAILABLE'],
    ['an object within', '{"data":{"trap":{"word":"x","inner":{"__proto__":{"__proto__":{"polluted":true}}}}}}', 'SUBGRAPH_UNAVAILABLE'],
    ['the extensions of an error', '{"data":{"trap":{"word":"x"}},"errors":[{"message":"m","path":["trap","word"],"extensions":{"code":"BAD_INPUT","__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}]}', 'BAD_INPUT'],
    ['the path of an error', '{"data":{"trap":{"word":"x"}},"errors":[{"message":"m","path":["__proto__","polluted"],"extensions":{"code":"BAD_INPUT"}}]}', 'BAD_INPUT'],
  ])('CVE-2026-32621: what a subgraph answers with __proto__ as %s reaches no prototype', async (_where, answer, code) => {
    taken.answer = answer;
    const { errors, data, status } = await gateway.ask('{ trap { word inner { word } } people { nodes { id } } }');
    expect([status, errors[0]?.extensions.code]).toEqual([200, code]);
    expect(data.people.nodes).toHaveLength(3);
    expectCleanPrototypes();
  });

  test('CVE-2026-32621: a value of any form keeps its names, and reaches no prototype', async () => {
    taken.answer = '{"data":{"trap":{"any":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}}}';
    expect((await gateway.ask('{ trap { any } }')).text).toContain('{"any":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}');
    expectCleanPrototypes();
  });

  test('CVE-2026-32621: entities that a subgraph answers with __proto__ are merged into nobody', async () => {
    taken.answer = '{"data":{"_entities":[{"secret":1,"__proto__":{"polluted":true}}]}}';
    const { data, errors } = await gateway.ask('{ me { name secret } }', { headers: asAlice() });
    expect([data, errors[0]?.extensions.code]).toEqual([{ me: { name: 'alice', secret: null } }, 'SUBGRAPH_UNAVAILABLE']);
    expectCleanPrototypes();
  });

  test('CVE-2026-32621: variables named like prototypes reach the subgraph as they were sent, and nothing else', async () => {
    taken.answer = '{"data":{"trap":{"word":"x"}}}';
    taken.asked.length = 0;
    const body = '{"query":"query ($any: Anything) { trap(any: $any) { word } }","variables":{"__proto__":{"polluted":true},"any":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}}';
    const { data } = await gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(data).toEqual({ trap: { word: 'x' } });
    expect(taken.asked).toEqual(['{"any":{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}}']);
    expectCleanPrototypes();
  });
});

test('CVE-2024-43414, CVE-2025-32031: a plan is found, and the event loop is free again, where every subgraph could answer every field', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f'];
  const sdlOf = (name: string) => `${LINK}
    type Query { node(id: ID!): Node @shareable }
    interface Any { id: ID!, next: Node }
    type Node implements Any @key(fields: "id") { id: ID! @shareable, next: Node @shareable, other: Node @shareable, any: Any @shareable, value_${name}: Int }
    type Leaf implements Any @key(fields: "id") { id: ID! @shareable, next: Node @shareable, leaf_${name}: Int }`;
  const supergraphSdl = await composeSupergraph(names.map((name) => ({ name, sdl: sdlOf(name) })));
  const connections = new Map(names.map((name) => [name, new TakenOver() as SubgraphConnection]));
  const graph = new PlannedGraph({ supergraphSdl, connections, executor: 'apollo', subgraphTimeoutMs: 1_000, responseBytes: 1_000_000, log: silentLog });
  const values = names.map((name) => `value_${name}`).join(' ');
  const nested = (levels: number, more: (inner: string) => string): string => (levels === 0 ? values : `${values} ${more(nested(levels - 1, more))}`);
  const documents = [
    nested(8, (inner) => `next { ${inner} }`),
    nested(5, (inner) => `next { ${inner} } other { ${inner} }`),
    nested(4, (inner) => `any { ... on Node { ${inner} } ... on Leaf { next { ${values} } } ... on Any { next { id } } }`),
  ].map((selection) => `{ node(id: "1") { ${selection} } }`);
  const unfolding = `{ node(id: "1") { ...f0 } } ${Array.from({ length: 12 }, (_, at) => `fragment f${at} on Node { ...f${at + 1} ...f${at + 1} next { id } }`).join(' ')} fragment f12 on Node { ${values} }`;
  for (const text of [...documents, unfolding]) expect((await graph.plan({ text, document: parse(text) })).kind).toBe('query');
});
