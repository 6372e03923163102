import type { WorkerOptions } from './worker.options.js';

/** Room for so many requests, and so large ones together. */
export class RequestRoom {
  #requests = 0;
  #bytes = 0;

  constructor(private readonly limits: Pick<WorkerOptions, 'queue' | 'queueBytes'>) {}

  /** Those that are there. */
  get length(): number {
    return this.#requests;
  }

  /** A place for a request, which is given back when it is disposed of; undefined: there is none. One that finds nobody before it always has one. */
  take(bytes: number): Disposable | undefined {
    const { queue, queueBytes } = this.limits;
    if (this.#requests >= queue || (this.#requests > 0 && this.#bytes + bytes > queueBytes)) return undefined;
    this.#requests += 1;
    this.#bytes += bytes;
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (!isTaken) return;
        isTaken = false;
        this.#requests -= 1;
        this.#bytes -= bytes;
      },
    };
  }
}
