import { randomUUID } from 'node:crypto';
import { HutongError, sweepUntilDone, system, type Log, type PeerCallScope } from '@hutong/common';
import type { AllocationStore } from './allocation.store.js';
import { isUnavailable, type AllocationWorker } from './allocation.worker.js';

interface ReconcilerParts {
  store: AllocationStore;
  worker: AllocationWorker;
  log: Log;
}

const MOST_AT_ONCE = 100;
/** How long an allocation may wait for compute-registry to answer again before it is undone. */
const WORTH_WAITING_MS = 600_000;

/**
 * Finishes or undoes what a crash, a restart or an unreachable peer left: allocations in the middle, reservations to be
 * given back, tasks whose time is over. Everything it does may be repeated, by any number of processes.
 */
export class Reconciler {
  readonly #parts: ReconcilerParts;
  #running: Promise<void> | undefined;
  readonly #stop = new AbortController();

  constructor(parts: ReconcilerParts) {
    this.#parts = parts;
  }

  /** Sweeps at once and then, as long as a peer does not answer yet, again and again. */
  start(): void {
    const failure = 'could not finish what was left; will try again';
    this.#running = sweepUntilDone(() => this.sweep(), { signal: this.#stop.signal, log: this.#parts.log, failure });
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  /** Looks at everything that is not at rest; throws the first failure after having tried all. */
  async sweep(): Promise<void> {
    const { store, worker } = this.#parts;
    const failures: unknown[] = [];
    const attempt = async (work: () => Promise<void>) => {
      if (!this.#stop.signal.aborted) await work().catch((error: unknown) => failures.push(error));
    };
    const { keys, overdue } = await store.unfinished(MOST_AT_ONCE);
    for (const key of keys) await attempt(() => this.look(key));
    for (const id of overdue) {
      await attempt(async () => {
        const held = await store.expire(id);
        if (held) await worker.returnNow(onOurOwnBehalf(), held.key);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Brings one allocation to rest, unless a living process is at it. */
  async look(key: string): Promise<void> {
    const { store, worker } = this.#parts;
    const allocation = await store.find(key);
    if (allocation?.state === 'RETURNING') return worker.returnNow(onOurOwnBehalf(), key);
    const abandoned = allocation?.state === 'PENDING' ? await store.takeOver(key) : undefined;
    if (!abandoned) return;
    this.#parts.log.info({ key, taskId: abandoned.taskId }, 'taking over an allocation that was left in the middle');
    const mayWait = Date.now() - abandoned.createdAt.getTime() < WORTH_WAITING_MS;
    try {
      await worker.work(onOurOwnBehalf(), abandoned, { mayWait });
    } catch (error) {
      // An expected refusal is an outcome, and is written down as such.
      if (!(error instanceof HutongError) || isUnavailable(error)) throw error;
    }
  }
}

const onOurOwnBehalf = (): PeerCallScope => ({ caller: system, requestId: randomUUID() });
