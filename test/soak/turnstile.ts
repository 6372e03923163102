import { setTimeout as delay } from 'node:timers/promises';

const LOOK_MS = 20;

/** What callers go through before each thing that they do, so that all of them can rest at the same time. */
export class Turnstile {
  #inside = 0;
  #closed: PromiseWithResolvers<void> | undefined;

  /** Does something, but not while the others rest. */
  async through(work: () => Promise<void>): Promise<void> {
    while (this.#closed) await this.#closed.promise;
    this.#inside += 1;
    try {
      await work();
    } finally {
      this.#inside -= 1;
    }
  }

  /** Does something while nobody does anything else. */
  async alone<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#closed = Promise.withResolvers();
    try {
      while (this.#inside > 0) await delay(LOOK_MS);
      return await work();
    } finally {
      this.#closed.resolve();
      this.#closed = undefined;
    }
  }
}
