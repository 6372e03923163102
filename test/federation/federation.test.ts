import { parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anonymous } from '@hutong/common';
import { DataText } from '@hutong/gateway';
import { ComposedWorld, EXECUTORS, WAYS } from './graph.js';
import type { FederationCase } from './world.js';
import { chains } from './worlds/chains.world.js';
import { mediaLibrary } from './worlds/media.world.js';
import { shop } from './worlds/shop.world.js';
import { values } from './worlds/values.world.js';

// What federation means, by cases as data: both executors answer each of them, however the subgraphs are reached.

describe.each([shop, mediaLibrary, values, chains])('$name', (world) => {
  let composed: ComposedWorld;
  beforeAll(async () => {
    composed = await ComposedWorld.open(world);
  });
  afterAll(() => composed?.close());

  describe.each(EXECUTORS)('by the %s executor', (executor) => {
    describe.each(WAYS)('%s', (way) => {
      let graph: ReturnType<ComposedWorld['graph']>;
      beforeAll(() => {
        graph = composed.graph(way, executor);
      });

      test.each(world.cases)('$name', async ({ query, variables = {}, data, errors = [] }: FederationCase) => {
        const document = parse(query);
        expect(validate(graph.schema, document)).toEqual([]);
        const plan = await graph.plan({ text: query, document });
        const scope = { caller: anonymous, origin: 'client', requestId: 'a-case', signal: new AbortController().signal } as const;
        const written = await graph.write(plan, variables, scope);
        const executed = await graph.execute(plan, variables, scope);
        for (const answer of [executed, written instanceof DataText ? { data: JSON.parse(written.json) as unknown } : written]) {
          expect(JSON.stringify(answer.data)).toBe(JSON.stringify(data));
          const told = ('errors' in answer ? (answer.errors ?? []) : []).map(({ path, extensions }) => JSON.stringify({ path, code: extensions['code'] }));
          expect(told.toSorted()).toEqual(errors.map(({ path, code }) => JSON.stringify({ path, code })).toSorted());
        }
      });
    });
  });
});
