import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { GraphAnswer } from '../testkit/actor.js';
import type { CallerName } from './callers.js';
import { KEPT, OF_ADMINS, OF_PROVIDER, SHOWN, type Things } from './things.js';

/** Where the tables are. */
export const EXPECTED = join(import.meta.dirname, 'expected');

/** What a cell of the tables says, beside the codes of refusals. */
export const SEES = 'sees';
export const NOTHING = '–';
export const ANSWERED = 'ok';
export const DONE = 'done';
/** Behind the code of a refusal: another one is told of what does not exist. */
export const TELLS = ' (exists)';

/** Who may be told what is marked so. */
const MAY_SEE: Readonly<Record<string, readonly CallerName[]>> = {
  [KEPT]: ['in scope', 'member', 'admin'],
  [SHOWN]: ['in scope', 'member', 'other member', 'other provider', 'provider', 'admin'],
  [OF_PROVIDER]: ['provider', 'admin'],
  [OF_ADMINS]: ['admin'],
};

/** What of the marked things stands in an answer to somebody who may not see it. */
export function leaksIn(text: string, caller: CallerName): string[] {
  return Object.entries(MAY_SEE).filter(([mark, allowed]) => !allowed.includes(caller) && text.includes(mark)).map(([mark]) => mark);
}

/** The code of what keeps a root field from being answered. */
export const refusalOf = ({ data, errors }: GraphAnswer, name: string): string | undefined => ((data?.[name] ?? null) === null ? errors[0]?.extensions.code : undefined);

/**
 * What an answer to one root field comes to.
 *
 * @param mark what stands in the thing that is asked for; undefined: nothing in the answer is anybody's
 */
export function cellOf(answer: GraphAnswer, name: string, mark: string | undefined): string {
  const refusal = refusalOf(answer, name);
  if (refusal !== undefined) return refusal;
  const value: unknown = answer.data?.[name] ?? null;
  if (value === null) return NOTHING;
  if (mark === undefined) return ANSWERED;
  return JSON.stringify(value).includes(mark) ? SEES : NOTHING;
}

const UNUSED = '1999999999';
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;

/** Whether somebody has no part in the member's things, and so is not to learn which there are. */
export const isStranger = (caller: CallerName): boolean => !MAY_SEE[KEPT]!.includes(caller);

/** Names of nothing that exists, in the form of the things'. */
export function nothingLike(things: Things): Things {
  const ids = new Map<string, string>();
  const another = (id: string): string => ids.get(id) ?? ids.set(id, randomUUID()).get(id)!;
  const unlike = (text: string): string => (/^\d+$/.test(text) ? UNUSED : text.replaceAll(UUID, another));
  return Object.fromEntries(Object.entries(things).map(([name, text]) => [name, unlike(text as string)])) as unknown as Things;
}

/** An answer without what the caller had said, so that two can be compared. */
export function withoutIds(answer: unknown, said: Things): string {
  return Object.values(said).reduce((text: string, id: string) => text.replaceAll(id, '<id>'), JSON.stringify(answer));
}
