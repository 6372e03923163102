import { silentLog, type SubgraphConnection } from '@hutong/common';
import { parse } from 'graphql';
import { beforeAll, expect, test } from 'vitest';
import { composeSupergraph } from './compose.js';
import { PlannedGraph } from './planned-graph.js';

// Interfaces that lead to each other over subgraphs: what the planner looks at grows with every level many times over.

const NAMES = ['A', 'B', 'C', 'D', 'E', 'F'];
const LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable", "@interfaceObject"])\n';
const things = (own: string): string => `${LINK} interface Thing @key(fields: "id") { id: ID! next: Thing } ${NAMES.map((name) => `type ${name} implements Thing @key(fields: "id") { id: ID! next: Thing @shareable ${own}: String }`).join(' ')}`;
const subgraphs = [
  { name: 'one', sdl: `${things('one')} type Query { thing: Thing }` },
  { name: 'two', sdl: things('two') },
  { name: 'more', sdl: `${LINK} type Thing @key(fields: "id") @interfaceObject { id: ID! more: Thing }` },
];
const hostile = (levels: number): string => `{ thing { ${'more { next { '.repeat(levels)} id ${'} }'.repeat(levels)} } }`;

let supergraphSdl: string;
beforeAll(async () => {
  supergraphSdl = await composeSupergraph(subgraphs);
});

function graphOf(planningMs: number): PlannedGraph {
  const nothing = async (): Promise<never> => {
    throw new Error('nothing is asked for');
  };
  const connections = new Map(subgraphs.map(({ name }): [string, SubgraphConnection] => [name, { name, execute: nothing, subscribe: nothing, ready: nothing }]));
  return new PlannedGraph({ supergraphSdl, connections, subgraphTimeoutMs: 1_000, planningMs, responseBytes: 1_000, executor: 'compiled', log: silentLog });
}

const planned = (graph: PlannedGraph, text: string, isOwn = false) => graph.plan({ text, document: parse(text), isOwn });

test('an operation that nobody can plan is refused, and others are planned on', () => {
  const graph = graphOf(500);
  planned(graph, '{ thing { id more { id } } }');
  for (const levels of [12, 13]) expect(() => planned(graph, hostile(levels))).toThrow('planning: at most 500 ms to plan an operation');
  expect(planned(graph, '{ thing { id next { id } } }').kind).toBe('query');
});

test('an operation of the platform itself may take any time to plan', () => {
  const graph = graphOf(1);
  expect(() => planned(graph, '{ thing { id more { id } } }')).toThrow('planning: at most 1 ms');
  expect(planned(graph, '{ thing { id more { id } } }', true).kind).toBe('query');
});
