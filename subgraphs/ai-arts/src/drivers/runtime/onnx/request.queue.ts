import type { Tensor } from '../protocol/tensor.js';
import { formOf, joined, rowsOf, split } from './joined.tensors.js';
import { RunFailed, type ModelSession } from './model.session.js';
import type { RequestCounters } from './request.counters.js';

interface Waiting {
  inputs: readonly Tensor[];
  form: string;
  since: number;
  signal: AbortSignal;
  resolve: (outputs: Tensor[]) => void;
  reject: (error: unknown) => void;
}

/** Requests in the order in which they came. While the model runs for some, others gather, and those of one form are run together. */
export class RequestQueue {
  readonly #waiting: Waiting[] = [];
  #isRunning = false;
  #batch: number;

  /** @param batch rows that requests are joined to; 1: none are joined */
  constructor(
    private readonly session: ModelSession,
    private readonly counters: RequestCounters,
    batch: number,
  ) {
    this.#batch = batch;
  }

  /** Those that wait for their turn. */
  get length(): number {
    return this.#waiting.length;
  }

  /**
   * The outputs for inputs that were checked. One whose signal is aborted before its turn is not run.
   *
   * @throws RunFailed
   */
  answer(inputs: readonly Tensor[], signal: AbortSignal): Promise<Tensor[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ inputs, form: formOf(inputs), since: performance.now(), signal, resolve, reject });
      if (!this.#isRunning) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#isRunning = true;
    try {
      for (let batch = this.#take(); batch.length > 0; batch = this.#take()) await this.#run(batch);
    } finally {
      this.#isRunning = false;
    }
  }

  /** The first that waits, and with it later ones of its form, as long as there is room. */
  #take(): Waiting[] {
    const taken: Waiting[] = [];
    let rows = 0;
    for (let index = 0; index < this.#waiting.length && rows < this.#batch; ) {
      const request = this.#waiting[index]!;
      const fits = taken.length === 0 || (request.form === taken[0]!.form && rows + rowsOf(request.inputs) <= this.#batch);
      if (request.signal.aborted || fits) this.#waiting.splice(index, 1);
      else index += 1;
      if (request.signal.aborted) request.reject(request.signal.reason);
      else if (fits) {
        taken.push(request);
        rows += rowsOf(request.inputs);
      }
    }
    return taken;
  }

  async #run(requests: readonly Waiting[]): Promise<void> {
    if (requests.length > 1) {
      const parts = await this.#runTogether(requests);
      if (parts) return requests.forEach(({ resolve }, index) => resolve(parts[index]!));
    }
    // One that cannot be answered must not take the others with it.
    for (const request of requests) await this.#timed([request], request.inputs).then(request.resolve, request.reject);
  }

  /** Undefined when they have to be run one by one. */
  async #runTogether(requests: readonly Waiting[]): Promise<Tensor[][] | undefined> {
    try {
      const outputs = await this.#timed(requests, joined(requests.map(({ inputs }) => inputs)));
      const parts = split(outputs, requests.map(({ inputs }) => rowsOf(inputs)));
      if (!parts) this.#batch = 1;
      return parts;
    } catch (error) {
      if (error instanceof RunFailed) return undefined;
      throw error;
    }
  }

  async #timed(requests: readonly Waiting[], inputs: readonly Tensor[]): Promise<Tensor[]> {
    const begun = performance.now();
    try {
      return await this.session.run(inputs);
    } finally {
      const rows = requests.length === 1 && this.#batch === 1 ? 1 : rowsOf(inputs);
      this.counters.ran(requests.map(({ since }) => begun - since), rows, performance.now() - begun);
    }
  }
}
