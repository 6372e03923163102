import { join } from 'node:path';
import { contracts, type Contract, type Route } from '@hutong/rest-compat';
import { Kind, OperationTypeNode } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Actor } from '../testkit/actor.js';
import { sendAs, sendForm, type HttpAnswer } from '../testkit/http.js';
import { EXPECTED, NOTHING, SEES, TELLS } from './answers.js';
import type { Scope } from './callers.js';
import { routeAsks, type RouteBody } from './route.asks.js';
import { scopeOf } from './schema.js';
import { markdownOf } from './table.js';
import { Trials } from './trials.js';
import type { World } from './world.js';

const ABOUT = `What each caller is answered: the HTTP status, the code of the contract where it has one, and \`${SEES}\` or \`${NOTHING}\` for whether what is asked for stands in it. \`${TELLS.trim()}\` where a refusal tells that there is such a thing. What is refused changes nothing.`;

const FORGETTING_MS = 200;

interface Row {
  title: string;
  method: string;
  path: string;
  scope: Scope;
}

const rows: readonly Row[] = contracts.flatMap((contract) => contract.routes.map((route) => rowOf(contract, route)));

function rowOf({ prefix, operations }: Contract, route: Route): Row {
  const { method, path } = route;
  const title = [method, prefix + path, ...('command' in route && route.command ? [route.command] : [])].join(' ');
  if (!('operation' in route)) return { title, method, path: prefix + path, scope: 'machines:read' };
  const [operation] = operations.documents.get(route.operation)!.definitions.filter((definition) => definition.kind === Kind.OPERATION_DEFINITION);
  const [field] = operation!.selectionSet.selections;
  const root = operation!.operation === OperationTypeNode.MUTATION ? 'Mutation' : 'Query';
  return { title, method, path: prefix + path, scope: scopeOf(`${root}.${field?.kind === Kind.FIELD ? field.name.value : ''}`) };
}

/** Rows of the contracts, for every caller. */
export function routesSuite(world: () => World): void {
  describe('routes of the contracts', () => {
    const table = new Map<string, Record<string, string>>();
    let trials: Trials;
    // destroy_instance waits for the end, to which a cloud would bring it.
    let forgetting: NodeJS.Timeout;
    beforeAll(() => {
      const { maker } = world();
      forgetting = setInterval(() => void maker.forgetDestroyed().catch(() => undefined), FORGETTING_MS);
    });
    afterAll(() => clearInterval(forgetting));

    test('there is a line for every row', () => {
      expect(Object.keys(routeAsks).toSorted()).toEqual(rows.map(({ title }) => title).toSorted());
    });

    test('every caller is answered as the table says', async () => {
      trials = new Trials(world());
      let count = 0;
      for (const { title, method, path, scope } of rows) {
        for (const { of, query = '', id, body, mark, uses, stores } of routeAsks[title]!) {
          const name = of === undefined ? title : `${title}, ${of}`;
          const cells = await trials.cellsOf({
            title: name,
            scope,
            uses,
            stores,
            send: async (actor, things) => sendBody(actor, method, (id === undefined ? path : path.replace(':id', things[id])) + query, await body?.(things, ++count)),
            isRefused,
            cellOf: (answer) => cellOf(answer, mark),
            shown: ({ status, text }) => [status, text],
          });
          table.set(name, cells);
        }
      }
      await expect(markdownOf('Routes of the contracts', ABOUT, 'route', table)).toMatchFileSnapshot(join(EXPECTED, 'routes.md'));
    }, 300_000);

    test('nothing that is refused changes anything', () => {
      expect(trials.changes).toEqual([]);
    });

    test('only “not yours” of AIArts is told apart from what does not exist', () => {
      expect(new Set([...table.values()].flatMap((cells) => Object.values(cells)).filter((cell) => cell.endsWith(TELLS)))).toEqual(new Set([`403 30801${TELLS}`]));
    });

    test('nothing marked as somebody’s stands in an answer to somebody else', () => {
      expect(trials.leaks).toEqual([]);
    });
  });
}

async function sendBody(actor: Actor, method: string, path: string, body: RouteBody | undefined): Promise<HttpAnswer> {
  if (body === undefined) return sendAs(actor, { method, path });
  if ('json' in body) return sendAs(actor, { method, path, body: body.json });
  if ('form' in body) return sendForm(actor, path, body.form);
  const form = new FormData();
  for (const [name, value] of Object.entries(body.multipart)) form.set(name, value);
  const sent = new Response(form);
  return sendAs(actor, { method, path, headers: { 'content-type': sent.headers.get('content-type')! }, body: new Uint8Array(await sent.arrayBuffer()) });
}

/** The number of the contract, where its envelope has one. */
const numberOf = ({ json }: HttpAnswer): number | undefined => json?.ret_code ?? (json?.msg === undefined && json?.message === undefined ? undefined : json.code);

const isRefused = (answer: HttpAnswer): boolean => answer.status >= 400 || ![undefined, 0, 200].includes(numberOf(answer));

function cellOf(answer: HttpAnswer, mark: string | undefined): string {
  const shown = mark === undefined || isRefused(answer) ? undefined : answer.text.includes(mark) ? SEES : NOTHING;
  return [answer.status, numberOf(answer), shown].filter((part) => part !== undefined).join(' ');
}
