import { everyMinute, inTransactionOf, type House } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

const ALLOCATION = 'allocation';
const SWEEP = 'sweep';
const QUEUE = { retryLimit: 5, retryDelay: 5, retryBackoff: true, deleteAfterSeconds: 3_600 };

interface AllocationJob {
  key: string;
}

/** What is to be looked at again later, kept by the database. */
export class AllocationJobs {
  readonly #boss: Awaited<ReturnType<House['jobs']>>;

  private constructor(boss: Awaited<ReturnType<House['jobs']>>) {
    this.#boss = boss;
  }

  static async open(house: House): Promise<AllocationJobs> {
    const boss = await house.jobs();
    await boss.createQueue(ALLOCATION, QUEUE);
    return new AllocationJobs(boss);
  }

  /** Has an allocation looked at in some seconds: if and only if the transaction commits. */
  async lookAgain(tx: EntityManager, key: string, seconds: number): Promise<void> {
    await this.#boss.send(ALLOCATION, { key } satisfies AllocationJob, { startAfter: seconds, ...inTransactionOf(tx) });
  }

  /** Begins to work: `look` at one allocation, `sweep` over everything once a minute. */
  async work({ look, sweep }: { look: (key: string) => Promise<void>; sweep: () => Promise<void> }): Promise<void> {
    await this.#boss.work<AllocationJob>(ALLOCATION, async (jobs) => {
      for (const { data } of jobs) await look(data.key);
    });
    await everyMinute(this.#boss, SWEEP, sweep);
  }
}
