import type { ExecutionResult } from 'graphql';
import type { Origin } from '../caller/access.js';
import type { Caller } from '../caller/caller.js';
import { Cancellation } from '../timing/cancellation.js';
import type { AnswerBudget } from './answer-budget.js';

/** One operation for one subgraph, on behalf of somebody. */
export interface SubgraphRequest {
  document: string;
  operationName?: string | undefined;
  variables: Record<string, unknown>;
  /** The variables as JSON, where that is known already. */
  variablesJson?: string | undefined;
  caller: Caller;
  origin: Origin;
  requestId: string;
  /** Aborted when nobody waits for the answer any more. */
  signal: AbortSignal;
  /** What aborts the signal, for those who do without one: it may be made only when it is asked for. */
  cancellation?: Cancellation | undefined;
  /** Whether it is given up in time of itself, so that nobody else has to look at the clock. */
  hasDeadline?: boolean | undefined;
  /** Whether it is a query, where somebody has found that out. */
  isQuery?: boolean | undefined;
  /** Whether it asks to wait, where somebody has found that out. */
  waits?: boolean | undefined;
  /** What of the operation's largest answer is left; what the subgraph answers is taken from it. Each event has one of its own. */
  budget?: AnswerBudget | undefined;
  /** Asked for an event of a subscription: it waits for other events, and not for queries of callers, nor they for it. */
  live?: boolean | undefined;
  /**
   * Makes the result of what a subgraph in another process answered, without errors, byte by byte; undefined leaves it to the
   * connection. Another request that asks the same at the same time may be given it too, which it is told. The bytes are the result's:
   * it may give them back to the buffer pool.
   */
  read?: ((body: Buffer) => ReadResult | undefined) | undefined;
  /** Of a request with files among its variables: resolves when they have come whole, or will not come; time limits begin then. */
  received?: Promise<void> | undefined;
}

/** A result that has the bytes it was read from. */
export interface ReadResult extends ExecutionResult {
  /** Several are given it: none of them knows when its bytes may be given back. */
  share?(): void;
}

/** What ends work for a request. */
export const cancellationOf = (request: SubgraphRequest): Cancellation => request.cancellation ?? Cancellation.of(request.signal);

/**
 * A way to a subgraph: in this process, or over HTTP. Failures of the subgraph's fields come back in `errors`,
 * as does LIMIT_EXCEEDED, without data, when the budget of a request is used up.
 */
export interface SubgraphConnection {
  readonly name: string;
  /** Whether what it answers is made in another process, and may be anything. */
  readonly isRemote?: boolean;
  execute(request: SubgraphRequest): Promise<ExecutionResult>;
  /** A stream of results, or one result that holds only `errors`. Its `return()` ends the source at once. */
  subscribe(request: SubgraphRequest): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult>;
  /** Told when something may have been changed by another way than this one: no query from now on shares an answer that was asked for before. */
  changed?(): void;
  /** Resolves when the subgraph and its database answer; rejects with the reason otherwise. */
  ready(): Promise<void>;
}
