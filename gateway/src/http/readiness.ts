import type { Log, SubgraphConnection } from '@hutong/common';
import type { RequestHandler } from 'express';

export interface ReadinessState {
  ready: boolean;
  /** Names of the subgraphs that, or whose database, do not answer. */
  unavailable: string[];
}

const PATIENCE_MS = 2_000;

/** Whether every subgraph and its database answer, between the end of the start and the wish to stop. */
export class Readiness {
  readonly #subgraphs: readonly string[];
  readonly #connections: ReadonlyMap<string, SubgraphConnection>;
  readonly #log: Log;
  #serving = false;

  constructor(subgraphs: readonly string[], connections: ReadonlyMap<string, SubgraphConnection>, log: Log) {
    this.#subgraphs = subgraphs;
    this.#connections = connections;
    this.#log = log;
  }

  /** The start is done. */
  started(): void {
    this.#serving = true;
  }

  /** From now on the process is not ready, so that whoever balances load sends no more. */
  stopping(): void {
    this.#serving = false;
  }

  async check(): Promise<ReadinessState> {
    const answers = await Promise.all(this.#subgraphs.map(async (name) => ({ name, ready: await this.#answers(name) })));
    const unavailable = answers.filter(({ ready }) => !ready).map(({ name }) => name);
    if (!this.#serving) unavailable.push('gateway');
    return { ready: unavailable.length === 0, unavailable };
  }

  async #answers(name: string): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const tooLate = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error('no answer in time')), PATIENCE_MS);
    });
    try {
      const connection = this.#connections.get(name);
      if (!connection) throw new Error('not connected');
      await Promise.race([connection.ready(), tooLate]);
      return true;
    } catch (err) {
      this.#log.warn({ subgraph: name, err }, 'subgraph is not ready');
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** `/healthz`: the process is alive. */
export const healthRoute: RequestHandler = (_request, response) => {
  response.set('cache-control', 'no-store').json({ status: 'ok' });
};

/** `/readyz`: 200 when everything answers, else 503 with the names of what does not. */
export const readinessRoute =
  (readiness: Readiness): RequestHandler =>
  async (_request, response) => {
    const { ready, unavailable } = await readiness.check();
    response.status(ready ? 200 : 503).set('cache-control', 'no-store');
    response.json(ready ? { status: 'ready' } : { status: 'unavailable', unavailable });
  };
