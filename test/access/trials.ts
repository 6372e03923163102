import type { Actor } from '../testkit/actor.js';
import { isStranger, leaksIn, nothingLike, TELLS, withoutIds } from './answers.js';
import type { CallerName, Scope } from './callers.js';
import type { ThingName, Things } from './things.js';
import { Unchanged } from './unchanged.js';
import type { World } from './world.js';

/** Who asks at the same time: those whom hardly anything is done for, and then each who may change what is asked about. */
const GROUPS: readonly (readonly CallerName[])[] = [['nobody', 'expired', 'revoked', 'disabled', 'out of scope'], ['other member', 'other provider'], ['provider'], ['in scope'], ['member'], ['admin']];

/** How one thing is tried by every caller. */
export interface Trial<Answer> {
  title: string;
  scope: Scope;
  /** Things that it changes, so that each caller for whom it is done gets new ones. */
  uses?: readonly ThingName[] | undefined;
  /** Those whose refusal comes when something was stored. */
  stores?: readonly CallerName[] | undefined;
  /** It ends the credential that it comes with. */
  endsCredential?: boolean | undefined;
  send(actor: Actor, things: Things): Promise<Answer>;
  isRefused(answer: Answer): boolean;
  cellOf(answer: Answer): string;
  /** What two refusals are compared by. */
  shown(answer: Answer): unknown;
}

/** Tries what may change something, and keeps what should not have happened. */
export class Trials {
  readonly leaks: string[] = [];
  readonly changes: string[] = [];
  readonly #unchanged: Unchanged;

  constructor(private readonly world: World) {
    this.#unchanged = new Unchanged(world.stored);
  }

  /** What each caller is answered. */
  async cellsOf<Answer>(trial: Trial<Answer>): Promise<Record<string, string>> {
    const { uses = [] } = trial;
    let things = await this.#new(uses);
    const cells: Record<string, string> = {};
    for (const group of GROUPS) {
      const answers = await this.#ask(trial, group, things);
      const tells = await Promise.all(group.map((caller, at) => this.#tells(trial, caller, answers[at]!, things)));
      for (const [at, caller] of group.entries()) cells[caller] = trial.cellOf(answers[at]!) + tells[at]!;
      if (uses.length > 0 && !answers.every((answer) => trial.isRefused(answer))) things = await this.#new(uses);
    }
    return cells;
  }

  async #ask<Answer>({ title, scope, stores = [], endsCredential, send, isRefused, shown }: Trial<Answer>, group: readonly CallerName[], things: Things): Promise<Answer[]> {
    const { callers } = this.world;
    const actors = await Promise.all(group.map(async (caller) => (endsCredential ? callers.again(caller, scope) : callers.as(caller, scope))));
    if (endsCredential) this.#unchanged.forget();
    const { answer, changed } = await this.#unchanged.by(
      () => Promise.all(actors.map((actor) => send(actor, things))),
      (answers) => answers.every(isRefused),
    );
    if (!group.some((caller) => stores.includes(caller))) this.changes.push(...changed.map((table) => `${title} is refused to ${group.join(', ')}, and changes ${table}`));
    for (const [at, caller] of group.entries()) this.leaks.push(...leaksIn(JSON.stringify(shown(answer[at]!)), caller).map((mark) => `${title} shows ${caller} what is ${mark}`));
    return answer;
  }

  /** Whether somebody who has no part in it is refused otherwise than for what does not exist. */
  async #tells<Answer>({ scope, send, isRefused, shown }: Trial<Answer>, caller: CallerName, answer: Answer, things: Things): Promise<string> {
    if (!isRefused(answer) || !isStranger(caller)) return '';
    const none = nothingLike(things);
    const ofNone = await send(this.world.callers.as(caller, scope), none);
    return withoutIds(shown(ofNone), none) === withoutIds(shown(answer), things) ? '' : TELLS;
  }

  async #new(uses: readonly ThingName[]): Promise<Things> {
    const { maker, things } = this.world;
    await maker.forgetDestroyed();
    this.#unchanged.forget();
    return { ...things, ...Object.fromEntries(await Promise.all(uses.map(async (name) => [name, await maker.fresh(name, things)] as const))) };
  }
}
