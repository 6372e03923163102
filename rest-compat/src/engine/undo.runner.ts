import { setTimeout as delay } from 'node:timers/promises';
import type { Contract, OperationRoute } from './contract.js';
import { Failure } from './failure.js';
import type { Graph, GraphAnswer } from './graph.js';
import type { RestCompatSettings } from './settings.js';
import type { Exchange } from './route.runner.js';

/** What a row has asked the graph to do. */
export interface Doing {
  contract: Contract;
  row: OperationRoute<unknown, unknown>;
  variables: Record<string, unknown>;
  exchange: Exchange;
}

/** What a row did is taken back within this time. */
const UNDO_MS = 30_000;
const FIRST_PAUSE_MS = 250;

/** With these nobody knows whether it was done. */
const LOST: ReadonlySet<unknown> = new Set(['TIMEOUT', 'SUBGRAPH_UNAVAILABLE']);

/** Takes back what rows did that say how, when their callers are not told of it; while and after the request. */
export class UndoRunner {
  readonly #graph: Graph;
  readonly #log: RestCompatSettings['log'];

  constructor(graph: Graph, log: RestCompatSettings['log']) {
    this.#graph = graph;
    this.#log = log;
  }

  /** It was done, and the caller is told of it if the response comes to its end. */
  unlessAnswered(doing: Doing, data: unknown): void {
    if (!doing.row.undo) return;
    const { response, signal } = doing.exchange;
    const undo = (): void => this.#run(doing, (patience) => this.#undo(doing, data, patience));
    if (signal.aborted) undo();
    else response.once('close', () => response.writableFinished || undo());
  }

  /** It failed, for the caller at least: the answer may have been lost on its way here. */
  afterFailure(doing: Doing, error: unknown): void {
    if (!doing.row.undo) return;
    const isLost = doing.exchange.signal.aborted || (error instanceof Failure && LOST.has(error.code));
    if (isLost) this.#run(doing, (patience) => this.#findAndUndo(doing, patience));
  }

  #run({ row, exchange: { caller } }: Doing, work: (patience: AbortSignal) => Promise<unknown>): void {
    work(AbortSignal.timeout(UNDO_MS)).catch((err: unknown) => {
      this.#log.error({ requestId: caller.requestId, operation: row.operation, err }, 'what nobody waited for could not be taken back');
    });
  }

  /** Asks again what was done, until it is answered. */
  async #findAndUndo(doing: Doing, patience: AbortSignal): Promise<void> {
    const { row, variables } = doing;
    const { data } = await this.#persistently(doing, row.operation, row.undo!.again(variables), patience);
    if (data) await this.#undo(doing, data, patience);
  }

  async #undo(doing: Doing, data: unknown, patience: AbortSignal): Promise<void> {
    const { operation, variables } = doing.row.undo!;
    const { errors } = await this.#persistently(doing, operation, variables(data), patience);
    if (errors) throw new Error(errors[0]!.message);
  }

  async #persistently({ contract, exchange: { caller } }: Doing, operation: string, variables: Record<string, unknown>, signal: AbortSignal): Promise<GraphAnswer> {
    for (let pause = FIRST_PAUSE_MS; ; pause *= 2) {
      const answer = await this.#graph.execute({ document: contract.operations.text(operation), operationName: operation, variables, caller, signal });
      if (signal.aborted || !LOST.has(answer.errors?.[0]?.extensions?.['code'])) return answer;
      await delay(pause, undefined, { signal });
    }
  }
}
