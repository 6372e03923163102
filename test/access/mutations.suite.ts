import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { DONE, EXPECTED, refusalOf, TELLS } from './answers.js';
import { unaskedIds } from './asked.ids.js';
import { mutationAsks } from './mutation.asks.js';
import { graph, scopeOf } from './schema.js';
import { wholeDocument } from './selection.js';
import { markdownOf } from './table.js';
import { Trials } from './trials.js';
import type { World } from './world.js';

const ABOUT = `What each caller is answered. \`${DONE}\`; or the code of what keeps it from being done, with \`${TELLS.trim()}\` behind it where it tells somebody that there is such a thing of somebody else. What is refused changes nothing.`;

/** Mutations of every caller. */
export function mutationsSuite(world: () => World): void {
  describe('mutations', () => {
    const table = new Map<string, Record<string, string>>();
    let trials: Trials;

    test('there is a row for every field', () => {
      expect(Object.keys(mutationAsks).toSorted()).toEqual(Object.keys(graph.getMutationType()!.getFields()).toSorted());
    });

    test('every id that a field takes is one of somebody’s things, in one row at least', async () => {
      expect(await unaskedIds('mutation', mutationAsks)).toEqual([]);
    });

    test('every caller is answered as the table says', async () => {
      trials = new Trials(world());
      let count = 0;
      for (const [name, asks] of Object.entries(mutationAsks)) {
        const document = wholeDocument(graph, 'mutation', graph.getMutationType()!, name, 2);
        for (const { of, variables = async () => ({}), uses, endsCredential } of asks) {
          const title = of === undefined ? name : `${name}, ${of}`;
          const cells = await trials.cellsOf({
            title,
            scope: scopeOf(`Mutation.${name}`),
            uses,
            endsCredential,
            send: async (actor, things) => actor.graph(document, await variables(things, ++count)),
            isRefused: (answer) => refusalOf(answer, name) !== undefined,
            cellOf: (answer) => refusalOf(answer, name) ?? DONE,
            shown: (answer) => answer,
          });
          table.set(title, cells);
        }
      }
      await expect(markdownOf('Mutations', ABOUT, 'field', table)).toMatchFileSnapshot(join(EXPECTED, 'mutations.md'));
    }, 300_000);

    test('nothing that is refused changes anything', () => {
      expect(trials.changes).toEqual([]);
    });

    test('only what the contract of AIArts answers with “not yours” is told apart from what does not exist', () => {
      expect(new Set([...table.values()].flatMap((cells) => Object.values(cells)).filter((cell) => cell.endsWith(TELLS)))).toEqual(new Set([`NOT_YOURS${TELLS}`]));
    });

    test('nothing marked as somebody’s stands in an answer to somebody else', () => {
      expect(trials.leaks).toEqual([]);
    });
  });
}
