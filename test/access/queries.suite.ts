import { join } from 'node:path';
import type { GraphQLObjectType } from 'graphql';
import { describe, expect, test } from 'vitest';
import { ANSWERED, cellOf, EXPECTED, isStranger, leaksIn, NOTHING, nothingLike, refusalOf, SEES, TELLS, withoutIds } from './answers.js';
import { unaskedIds } from './asked.ids.js';
import { CALLERS, type CallerName } from './callers.js';
import { queryAsks, type Ask } from './query.asks.js';
import { graph, scopeOf } from './schema.js';
import { entitiesIn, wholeDocument, type FoundEntity } from './selection.js';
import { forEachCaller, markdownOf, type Table } from './table.js';
import type { World } from './world.js';

const ABOUT = `What each caller is answered. \`${SEES}\`: what is asked for stands in the answer; \`${ANSWERED}\`: answered, with nothing that is somebody's; \`${NOTHING}\`: answered, without it; else the code of the refusal, with \`${TELLS.trim()}\` behind it where it tells that there is such a thing.`;

/** Root fields that answer one of an entity by its id. A user is seen by `me` and `users`. */
export const BY_ID = new Map(Object.values(graph.getQueryType()!.getFields()).filter(({ args }) => args.some(({ name }) => name === 'id')).map(({ name, type }) => [(type as GraphQLObjectType).name, name]));

/** Queries of every caller. */
export function queriesSuite(world: () => World): void {
  describe('queries', () => {
    const table = new Map<string, Record<CallerName, string>>() satisfies Table;
    const leaks: string[] = [];
    const found = new Map<CallerName, Map<string, FoundEntity>>(CALLERS.map((caller) => [caller, new Map()]));

    const ask = async (name: string, { variables = () => ({}), mark }: Ask, caller: CallerName): Promise<string> => {
      const { callers, things } = world();
      const document = wholeDocument(graph, 'query', graph.getQueryType()!, name);
      const actor = callers.as(caller, scopeOf(`Query.${name}`));
      const answer = await actor.graph(document, variables(things));
      leaks.push(...leaksIn(JSON.stringify(answer), caller).map((leaked) => `${name} shows what is ${leaked} to ${caller}`));
      for (const entity of entitiesIn(answer.data, new Set([...BY_ID.keys(), 'User']))) found.get(caller)!.set(`${entity.type} ${entity.id}`, entity);
      const cell = cellOf(answer, name, mark);
      const none = nothingLike(things);
      const isById = JSON.stringify(variables(none)) !== JSON.stringify(variables(things));
      if (!isById || !isStranger(caller) || (refusalOf(answer, name) === undefined && cell !== NOTHING)) return cell;
      const ofNone = await actor.graph(document, variables(none));
      return withoutIds(ofNone, none) === withoutIds(answer, things) ? cell : cell + TELLS;
    };

    test('there is a row for every field', () => {
      expect(Object.keys(queryAsks).toSorted()).toEqual(Object.keys(graph.getQueryType()!.getFields()).toSorted());
    });

    test('every id that a field takes is one of somebody’s things, in one row at least', async () => {
      expect(await unaskedIds('query', queryAsks)).toEqual([]);
    });

    test('every caller is answered as the table says', async () => {
      for (const [name, asks] of Object.entries(queryAsks)) {
        for (const one of asks) table.set(one.of === undefined ? name : `${name}, ${one.of}`, await forEachCaller((caller) => ask(name, one, caller)));
      }
      await expect(markdownOf('Queries', ABOUT, 'field', table)).toMatchFileSnapshot(join(EXPECTED, 'queries.md'));
    }, 300_000);

    test('only what the contract of AIArts answers with “not yours” is told apart from what does not exist', () => {
      expect(new Set([...table.values()].flatMap((cells) => Object.values(cells)).filter((cell) => cell.endsWith(TELLS)))).toEqual(new Set([`NOT_YOURS${TELLS}`]));
    });

    test('nothing marked as somebody’s stands anywhere in an answer to somebody else', () => {
      expect(leaks).toEqual([]);
    });

    test('what a path through the graph shows of an entity, its own field shows as well', async () => {
      const hidden: string[] = [];
      for (const [caller, entities] of found) {
        for (const { type, id } of entities.values()) if (!(await isSeen(world(), caller, type, id))) hidden.push(`${caller}: ${type} ${id}`);
      }
      expect(hidden).toEqual([]);
      expect(found.get('admin')!.size).toBeGreaterThan(20);
    });
  });
}

/** Whether an entity is answered to a caller by the root field for it. */
export async function isSeen({ callers }: World, caller: CallerName, type: string, id: string): Promise<boolean> {
  if (type === 'User') return caller === 'admin' || id === callers.as(caller, 'machines:read').userId;
  const name = BY_ID.get(type)!;
  const { data, errors } = await callers.as(caller, scopeOf(`Query.${name}`)).graph(`query ($id: ID!) { ${name}(id: $id) { id } }`, { id });
  return errors.length === 0 && data[name]?.id === id;
}
