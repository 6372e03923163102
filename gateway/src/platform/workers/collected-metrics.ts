import type { MetricValues } from '@hutong/common/telemetry';
import type { KeptWorker } from './kept-worker.js';

/** A worker that does not answer so long is left out. */
const PATIENCE_MS = 2_000;

interface Collection {
  waitedFor: Set<KeptWorker>;
  values: MetricValues[];
  done: () => void;
}

/** Collects the metrics of all workers when one of them is asked for them. */
export class CollectedMetrics {
  readonly #collections = new Map<number, Collection>();
  #ids = 0;

  /** Asks all; resolves with what was answered in time. */
  async collect(workers: readonly KeptWorker[]): Promise<readonly MetricValues[]> {
    const id = this.#ids++;
    const { promise, resolve } = Promise.withResolvers<void>();
    const collection: Collection = { waitedFor: new Set(workers), values: [], done: resolve };
    this.#collections.set(id, collection);
    const patience = setTimeout(resolve, PATIENCE_MS);
    for (const worker of workers) worker.tell({ hutong: 'tell your metrics', id });
    await promise;
    clearTimeout(patience);
    this.#collections.delete(id);
    return collection.values;
  }

  /** What a worker answered. */
  hear(from: KeptWorker, id: number, values: MetricValues): void {
    const collection = this.#collections.get(id);
    if (!collection?.waitedFor.delete(from)) return;
    collection.values.push(values);
    if (collection.waitedFor.size === 0) collection.done();
  }
}
