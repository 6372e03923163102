import { contracts } from '@hutong/rest-compat';
import { expect, type TestContext } from 'vitest';
import type { Actor } from '../testkit/actor.js';
import { figures } from '../testkit/figures.js';

/** What an answer comes to, whichever way was asked: the data that the contract's document promises, or its number for the refusal. */
export type Outcome = { data: unknown } | { refused: number };

/** Ways into the platform: the contract's route, or an operation of the graph written by hand. */
export type Way = 'rest' | 'graph';

/**
 * One row of a contract, asked both ways. Nothing of it is taken from rest-compat: the request is that of the contract's
 * document, the operation what a GraphQL client would write for the same, and its data is read as the document tells it.
 */
export type Twin<Input> = Record<Way, (actor: Actor, input: Input) => Promise<Outcome>>;

/** A row of a route table by its name, as in `POST /task_path` or `POST launch_instance`. */
export function rowsOf(contract: string): string[] {
  const { routes, passages = [] } = contracts.find(({ name }) => name === contract)!;
  return [...routes.map(({ method, path, command }) => `${method} ${command ?? path}`), ...passages.map(({ path }) => `* ${path}`)];
}

/** The codes of the graph's refusals, with the number that a contract's page gives to each. */
export type Numbers = Readonly<Record<string, number>>;

/** Thrown by {@link asked}. */
class Refused extends Error {
  constructor(readonly code: string, message: string) {
    super(`${code}: ${message}`);
  }
}

/** Data of the graph; a refusal is thrown, for {@link twinOf} to read. */
export async function asked(actor: Actor, query: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await actor.graph(query, variables);
  if (errors[0]) throw new Refused(errors[0].extensions.code, errors[0].message);
  return data;
}

/** Data of an operation. */
// oxlint-disable-next-line typescript/no-explicit-any -- of any shape
export type Data = any;

/** What the graph answers null for, where the contract's page says that there is no such thing. */
export function present<Thing>(thing: Thing | null): Thing {
  if (thing === null) throw new Refused('NOT_FOUND', 'it is not there');
  return thing;
}

/** A twin of which the graph's part answers the document's data, or throws what {@link asked} throws. */
export function twinOf<Input>(numbers: Numbers, rest: Twin<Input>['rest'], ask: (actor: Actor, input: Input) => Promise<unknown>): Twin<Input> {
  return {
    rest,
    async graph(actor, input) {
      try {
        return { data: await ask(actor, input) };
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        const number = numbers[error.code];
        if (number === undefined) throw new Error(`the contract's page gives no number for ${error.message}`, { cause: error });
        return { refused: number };
      }
    },
  };
}

/** Counts how often each twin was asked, so that a suite can say that all of them were. */
export class Tally {
  readonly #answered = new Map<string, number>();

  /** The same twins, counted. */
  counted<Twins extends Record<string, Twin<never>>>(twins: Twins): Twins {
    const count = (name: string, way: Way, twin: Twin<never>): Twin<never>['rest'] => async (actor, input) => {
      const outcome = await twin[way](actor, input);
      const key = `${name} by ${way} ${'data' in outcome ? 'answered' : 'refused'}`;
      this.#answered.set(key, (this.#answered.get(key) ?? 0) + 1);
      return outcome;
    };
    return Object.fromEntries(Object.entries(twins).map(([name, twin]) => [name, { rest: count(name, 'rest', twin), graph: count(name, 'graph', twin) }])) as unknown as Twins;
  }

  /** Holds when each of the twins was answered both ways; tells the scorecard how many commands were compared. */
  expectEach(twins: object, task: TestContext['task']): void {
    const unanswered = Object.keys(twins).filter((name) => (['rest', 'graph'] as const).some((way) => !this.#answered.has(`${name} by ${way} answered`)));
    expect(unanswered, String(this)).toEqual([]);
    // Each has been given both ways, and is counted once.
    figures(task, { commands: [...this.#answered].reduce((sum, [key, times]) => (key.includes(' by graph ') ? sum + times : sum), 0) });
  }

  toString(): string {
    return [...this.#answered].map(([key, times]) => `${key} ${times} times`).toSorted().join('\n');
  }
}
