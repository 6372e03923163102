/** How many of the latest requests percentiles are made of. */
const LATEST = 1_024;

interface Spent {
  count: number;
  ns: number;
}

/** What the worker counts, in the form of Triton's statistics extension, with some fields more. */
export class RequestCounters {
  readonly #success: Spent = { count: 0, ns: 0 };
  readonly #fail: Spent = { count: 0, ns: 0 };
  readonly #queue: Spent = { count: 0, ns: 0 };
  readonly #compute: Spent = { count: 0, ns: 0 };
  readonly #batches = new Map<number, Spent>();
  readonly #latest: number[] = [];
  #next = 0;
  #rows = 0;
  #rejected = 0;
  #lastAt = 0;

  /** A request was answered, well or not, so many milliseconds after it came. */
  answered(isSuccess: boolean, ms: number): void {
    add(isSuccess ? this.#success : this.#fail, ms);
    this.#latest[this.#next] = ms;
    this.#next = (this.#next + 1) % LATEST;
    this.#lastAt = Date.now();
  }

  /** A request was refused as too many waited. */
  rejected(): void {
    this.#rejected += 1;
  }

  /** The model was run for requests that had waited so long, for so many rows. */
  ran(waitedMs: readonly number[], rows: number, ms: number): void {
    for (const waited of waitedMs) add(this.#queue, waited);
    add(this.#compute, ms);
    this.#rows += rows;
    const batch = this.#batches.get(rows) ?? { count: 0, ns: 0 };
    add(batch, ms);
    this.#batches.set(rows, batch);
  }

  /** Of a run; 0 before the first. */
  get meanRunMs(): number {
    return this.#compute.count === 0 ? 0 : this.#compute.ns / this.#compute.count / 1e6;
  }

  toJSON(name: string, version: string, queueLength: number): object {
    const sorted = this.#latest.toSorted((left, right) => left - right);
    const percentile = (share: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? null;
    return {
      name,
      version,
      last_inference: this.#lastAt,
      inference_count: this.#rows,
      execution_count: this.#compute.count,
      inference_stats: { success: this.#success, fail: this.#fail, queue: this.#queue, compute_infer: this.#compute },
      batch_stats: [...this.#batches].map(([size, spent]) => ({ batch_size: size, compute_infer: spent })),
      queue_length: queueLength,
      rejected_count: this.#rejected,
      latency_ms: { p50: percentile(0.5), p95: percentile(0.95), p99: percentile(0.99) },
    };
  }
}

function add(spent: Spent, ms: number): void {
  spent.count += 1;
  spent.ns += Math.round(ms * 1e6);
}
