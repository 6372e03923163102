import { anonymous, HutongError } from '@hutong/common';
import { CompositionError, DataText } from '@hutong/gateway';
import fc from 'fast-check';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { full, searchSeed } from '../testkit/seed.js';
import { ComposedWorld, EXECUTORS, WAYS } from './graph.js';
import { MergedWorld } from './random/federated.comparison.js';
import { queryChoices, queryOf, type QueryChoices, type RandomQuery } from './random/query.arbitrary.js';
import { worldModel } from './random/world.arbitrary.js';
import { hasMadeFields, readsNestedLists, type WorldModel } from './random/world.model.js';
import { worldOf, type RandomWorld } from './random/world.subgraphs.js';

// Random supergraphs, and random queries to them: whatever carries out the plan, and however the subgraphs are reached, the answer
// is that of graphql-js on the merged schema.

/** Worlds of an ordinary run; a full one has so many times as many. */
const USUAL = 20;
const FULL_FACTOR = 25;
const QUERIES = 6;
/** What is wrong is made smaller for so long. */
const SHRINK_MS = 60_000;

const REFUSED = 'refused';

const worlds = Number(process.env.HUTONG_TEST_FEDERATION_WORLDS ?? 0) || USUAL * (full ? FULL_FACTOR : 1);

test('a random query to a random supergraph is answered as by graphql-js on the merged schema', { timeout: 120_000 + worlds * 5_000 }, async () => {
  let asked = 0;
  let failedAt: number | undefined;
  const property = fc.asyncProperty(worldModel, fc.array(queryChoices, { minLength: 2, maxLength: QUERIES, size: 'max' }), async (model, choices) => {
    if (failedAt !== undefined && performance.now() - failedAt > SHRINK_MS) return;
    const world = worldOf(model);
    const composed = await ComposedWorld.open(world).catch((error: unknown) => {
      if (error instanceof CompositionError) return undefined;
      throw new Error(`${shown(world)}\n${String(error)}`, { cause: error });
    });
    fc.pre(composed !== undefined);
    try {
      asked += await ask(model, world, composed, choices);
    } catch (error) {
      failedAt ??= performance.now();
      throw error;
    } finally {
      composed.close();
    }
  });
  const { failed, errorInstance, counterexamplePath } = await fc.check(property, { seed: searchSeed(), numRuns: worlds });
  console.log(`federation: ${asked} queries to ${worlds} random worlds, HUTONG_TEST_SEED=${searchSeed()}`);
  if (failed) throw new Error(`${errorInstance instanceof Error ? errorInstance.message : 'too few worlds composed'}\nHUTONG_TEST_SEED=${searchSeed()} HUTONG_TEST_FEDERATION_WORLDS=${worlds}, path ${counterexamplePath}`);
  expect(asked).toBeGreaterThan(worlds);
});

/** Answers how many of the queries were valid. @throws Error with the world and the query where an answer is another one than that of graphql-js */
async function ask(model: WorldModel, world: RandomWorld, composed: ComposedWorld, choices: readonly QueryChoices[]): Promise<number> {
  const executors = readsNestedLists(model) ? (['compiled'] as const) : EXECUTORS;
  const graphs = executors.flatMap((executor) => WAYS.map((way) => ({ executor, way, graph: composed.graph(way, executor) })));
  const { schema } = graphs[0]!.graph;
  const merged = new MergedWorld(model, world.data, schema);
  const queries = choices.map((chosen) => queryOf(schema, chosen, !hasMadeFields(model))).filter(({ text }) => validate(schema, parse(text)).length === 0);
  for (const query of queries) {
    const { text, variables, operationName } = query;
    const document = parse(text);
    const wanted = merged.answer(document, query);
    const faults: string[] = [];
    for (const { executor, way, graph } of graphs) {
      const scope = { caller: anonymous, origin: 'client', requestId: 'drawn', signal: new AbortController().signal } as const;
      const asking = async (): Promise<string | undefined> => {
        const plan = await graph.plan({ text, document, operationName, asker: 'drawn' });
        world.forget();
        const executed = await graph.execute(plan, variables, scope);
        world.forget();
        const written = await graph.write(plan, variables, scope);
        return merged.difference(executed, wanted, executor) ?? merged.difference(written instanceof DataText ? { data: JSON.parse(written.json) as null } : written, wanted, executor);
      };
      const fault = await asking().catch((error: unknown) => (error instanceof HutongError && error.code === 'LIMIT_EXCEEDED' ? REFUSED : `failed with ${(error as Error).stack}`));
      // Nobody plans it in any reasonable time.
      if (fault === REFUSED) break;
      if (fault !== undefined) faults.push(`by the ${executor} executor, ${way}: ${fault}`);
    }
    if (faults.length > 0) throw new Error(`${shown(world, query)}\n${faults.join('\n')}`);
  }
  return queries.length;
}

function shown({ subgraphs }: RandomWorld, query?: RandomQuery): string {
  const sdls = Object.entries(subgraphs).map(([name, { sdl }]) => `# ${name}\n${sdl}`);
  return [...sdls, ...(query ? [query.text, JSON.stringify(query.variables)] : [])].join('\n');
}
