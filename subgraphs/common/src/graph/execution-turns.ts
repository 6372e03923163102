import { bulkhead } from 'cockatiel';

/** Of each kind; twice as many as a subgraph has connections to its database, so that none of those is idle. */
const AT_ONCE = 32;

/** What takes turns: queries of callers, and what one event of a subscription asks for. */
export type TurnKind = 'query' | 'event';

/**
 * How much one subgraph runs at once: what is begun all at the same time ends no sooner, and too late for those who wait for a
 * connection to the database. Others wait in the order in which they came; queries and events never for one another.
 */
export class ExecutionTurns {
  readonly #turns = { query: bulkhead(AT_ONCE, Infinity), event: bulkhead(AT_ONCE, Infinity) };

  /** Runs work when it is its turn, which ends with the work. */
  run<Result>(kind: TurnKind, work: () => Promise<Result>): Promise<Result> {
    return this.#turns[kind].execute(work);
  }
}
