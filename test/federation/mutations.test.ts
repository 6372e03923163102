import { anonymous } from '@hutong/common';
import { DataText } from '@hutong/gateway';
import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ComposedWorld, EXECUTORS } from './graph.js';
import type { FederationWorld } from './world.js';

// Fields of mutations are run once each, in the order of the document, whoever runs them and however often they stand there.

const ran: string[] = [];
const running =
  (name: string) =>
  (): { a: string; b: string } => {
    ran.push(name);
    return { a: `${name}${ran.length}`, b: 'b' };
  };

const world: FederationWorld = {
  name: 'mutations of two subgraphs',
  subgraphs: {
    one: {
      sdl: 'type Done @shareable { a: String b: String } type Query { nothing: Done } type Mutation { first: Done third: Done }',
      resolvers: { Mutation: { first: running('first'), third: running('third') } },
    },
    two: {
      sdl: 'type Done @shareable { a: String b: String } type Mutation { second: Done }',
      resolvers: { Mutation: { second: running('second') } },
    },
  },
  cases: [],
};

const cases: { name: string; query: string; runs: string; data: unknown }[] = [
  { name: 'a field that stands twice', query: 'mutation { first { a } second { a } first { b } }', runs: 'first second', data: { first: { a: 'first1', b: 'b' }, second: { a: 'second2' } } },
  { name: 'a field that stands twice, the second time under a condition', query: 'mutation ($yes: Boolean = true) { first { a } second { a } first @include(if: $yes) { b } }', runs: 'first second', data: { first: { a: 'first1', b: 'b' }, second: { a: 'second2' } } },
  { name: 'a field that stands twice, under a condition that is not met', query: 'mutation ($no: Boolean = false) { first { a } second { a } first @include(if: $no) { b } }', runs: 'first second', data: { first: { a: 'first1' }, second: { a: 'second2' } } },
  { name: 'a field that is excluded where it stands first', query: 'mutation ($no: Boolean = false) { first @include(if: $no) { b } second { a } first { a } }', runs: 'second first', data: { second: { a: 'second1' }, first: { a: 'first2' } } },
  { name: 'a field that is included where it stands first', query: 'mutation ($yes: Boolean = true) { first @include(if: $yes) { b } second { a } first { a } }', runs: 'first second', data: { first: { b: 'b', a: 'first1' }, second: { a: 'second2' } } },
  { name: 'a field under several conditions, everywhere', query: 'mutation ($yes: Boolean = true, $no: Boolean = false) { first @skip(if: $no) @include(if: $no) { b } second { a } first @include(if: $yes) { a } third { a } first @include(if: $yes) { b } }', runs: 'second first third', data: { second: { a: 'second1' }, first: { a: 'first2', b: 'b' }, third: { a: 'third3' } } },
  { name: 'a field of every condition and its contrary', query: 'mutation ($yes: Boolean = true) { first @include(if: $yes) { a } second { a } first @skip(if: $yes) { b } }', runs: 'first second', data: { first: { a: 'first1' }, second: { a: 'second2' } } },
  { name: 'fields in fragments that have another order', query: 'mutation { first { a } ...reversed } fragment reversed on Mutation { third { a } first { b } }', runs: 'first third', data: { first: { a: 'first1', b: 'b' }, third: { a: 'third2' } } },
  { name: 'fields in fragments under conditions', query: 'mutation ($yes: Boolean = true, $no: Boolean = false) { ...later @skip(if: $no) second { a } ... @include(if: $yes) { third { a } ...later } } fragment later on Mutation { first { a } }', runs: 'first second third', data: { first: { a: 'first1' }, second: { a: 'second2' }, third: { a: 'third3' } } },
  { name: 'a field that stands alone under a condition', query: 'mutation ($no: Boolean = false) { second { a } first @include(if: $no) { a } third @skip(if: $no) { a } }', runs: 'second third', data: { second: { a: 'second1' }, third: { a: 'third2' } } },
  { name: 'fields under one condition, with another field between them', query: 'mutation ($yes: Boolean = true) { __typename @include(if: $yes) third { a } first @include(if: $yes) { a } again: third { a } last: first @include(if: $yes) { a } }', runs: 'third first third first', data: { __typename: 'Mutation', third: { a: 'third1' }, first: { a: 'first2' }, again: { a: 'third3' }, last: { a: 'first4' } } },
  { name: 'nothing that is to be run', query: 'mutation ($no: Boolean = false) { ... @include(if: $no) { first { a } } again: __typename }', runs: '', data: { again: 'Mutation' } },
];

let composed: ComposedWorld;
beforeAll(async () => {
  composed = await ComposedWorld.open(world);
});
afterAll(() => composed?.close());

describe.each(EXECUTORS)('by the %s executor', (executor) => {
  test.each(cases)('$name', async ({ query, runs, data }) => {
    const graph = composed.graph('handed over', executor);
    const document = parse(query);
    expect(validate(graph.schema, document)).toEqual([]);
    const plan = await graph.plan({ text: query, document });
    ran.length = 0;
    const answer = await graph.write(plan, {}, { caller: anonymous, origin: 'client', requestId: 'a-case', signal: new AbortController().signal });
    expect(ran.join(' ')).toBe(runs);
    expect(JSON.stringify(answer instanceof DataText ? { data: JSON.parse(answer.json) as unknown } : answer)).toBe(JSON.stringify({ data }));
  });
});

test('a mutation whose conditions allow too many orders is refused', async () => {
  const numbers = Array.from({ length: 12 }, (_, number) => number);
  const text = `mutation (${numbers.map((n) => `$s${n}: Boolean!, $i${n}: Boolean!`).join(', ')}) { ${numbers.map((n) => `first @skip(if: $s${n}) @include(if: $i${n}) { a } second { a }`).join(' ')} }`;
  await expect(composed.graph('handed over', 'compiled').plan({ text, document: parse(text) })).rejects.toThrow('as many ways as can be compared');
});
