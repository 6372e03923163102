import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { platformModules } from '../../gateway/src/platform/modules.js';
import { addressAsks, type AddressAnswer, type AddressAsk } from './address.asks.js';
import { EXPECTED, NOTHING, SEES, TELLS } from './answers.js';
import { markdownOf } from './table.js';
import { Trials } from './trials.js';
import type { World } from './world.js';

const ABOUT = `What each caller is answered at every address that is neither the graph nor a row of a contract: the HTTP status, the code of a refusal, and \`${SEES}\` or \`${NOTHING}\` for whether what is asked for stands in it. \`${TELLS.trim()}\` where a refusal tells that there is such a thing: its id is a UUID, which nobody finds by trying. What is refused changes nothing.`;

/** Everything else that answers HTTP, for every caller. */
export function addressesSuite(world: () => World): void {
  describe('other addresses', () => {
    const table = new Map<string, Record<string, string>>();
    let asks: AddressAsk[];
    let trials: Trials;

    test('there is a row for every route of every subgraph', async () => {
      asks = await addressAsks(world());
      const declared = Object.values(platformModules).flatMap(({ routes = [] }: { routes?: readonly { path: string }[] }) => routes.map(({ path }) => path));
      expect([...new Set(asks.flatMap(({ route }) => route ?? []))].toSorted()).toEqual(declared.toSorted());
    });

    test('every caller is answered as the table says', async () => {
      trials = new Trials(world());
      for (const { title, scope = 'ai-arts:read', uses, mark, ask } of asks) {
        table.set(title, await trials.cellsOf({ title, scope, uses, send: ask, isRefused, cellOf: (answer) => cellOf(answer, mark), shown: ({ status, text }) => [status, text] }));
      }
      await expect(markdownOf('Other addresses', ABOUT, 'address', table)).toMatchFileSnapshot(join(EXPECTED, 'addresses.md'));
    }, 120_000);

    test('nothing that is refused changes anything', () => {
      expect(trials.changes).toEqual([]);
    });

    test('nothing marked as somebody’s stands in an answer to somebody else, but for a link, which is for whoever has it', () => {
      expect(trials.leaks.filter((leak) => !leak.startsWith('GET /ai_arts/files/…, by a link shows'))).toEqual([]);
    });
  });
}

const isRefused = ({ status }: AddressAnswer): boolean => status >= 400;

function cellOf(answer: AddressAnswer, mark: string | undefined): string {
  const code = /"code":"([A-Z_]+)"/.exec(answer.text)?.[1];
  const shown = mark === undefined || isRefused(answer) ? undefined : answer.text.includes(mark) ? SEES : NOTHING;
  return [answer.status, isRefused(answer) ? code : undefined, shown].filter((part) => part !== undefined).join(' ');
}
