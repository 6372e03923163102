import { everyMinute, inTransactionOf, type House } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

const ERRANDS = 'errands';
const SWEEP = 'sweep';
const A_DAY_S = 86_400;
/** A job says only that there is something to do; what, and whose turn it is, the worker finds in the table. */
const QUEUE = { notify: true, retryLimit: 0, expireInSeconds: A_DAY_S, deleteAfterSeconds: 3_600 };
const POLL = { pollingIntervalSeconds: 2, notifyPollingIntervalSeconds: 5 };

/** Wakes workers in every process when there is something to ask of the cloud, now or later; kept by the database. */
export class WorkQueue {
  readonly #boss: Awaited<ReturnType<House['jobs']>>;

  private constructor(boss: Awaited<ReturnType<House['jobs']>>) {
    this.#boss = boss;
  }

  static async open(house: House): Promise<WorkQueue> {
    const boss = await house.jobs();
    await boss.createQueue(ERRANDS, QUEUE);
    return new WorkQueue(boss);
  }

  /** Has a worker look for something to do, at once or in some seconds: if and only if the transaction commits. */
  async wake(tx: EntityManager, afterMs = 0): Promise<void> {
    await this.#boss.send(ERRANDS, {}, { ...(afterMs > 0 ? { startAfter: new Date(Date.now() + afterMs) } : {}), ...inTransactionOf(tx) });
  }

  /** Begins to work: `drain` does what there is to do, so many times at once; `sweep` runs once a minute. */
  async work(atOnce: number, { drain, sweep }: { drain: () => Promise<void>; sweep: () => Promise<void> }): Promise<void> {
    await this.#boss.work(ERRANDS, { ...POLL, localConcurrency: atOnce }, drain);
    await everyMinute(this.#boss, SWEEP, sweep);
  }
}
