interface Shared<Result> {
  result: Promise<Result>;
  waiting: number;
  stop: AbortController;
}

/**
 * Identical queries that are under way at the same time are asked once. A query that begins after a change has ended
 * never shares an answer that was asked for before it. The work ends when none who asked is waiting any more.
 */
export class SharedQueries<Result> {
  readonly #underway = new Map<string, Shared<Result>>();
  readonly #lastIsAnswered: boolean;

  /** @param lastIsAnswered whether who gives up last gets what becomes of the work that is ended with that, instead of the reason of the signal at once */
  constructor({ lastIsAnswered = false }: { lastIsAnswered?: boolean } = {}) {
    this.#lastIsAnswered = lastIsAnswered;
  }

  /** Something has changed: whoever asks from now on gets an answer of its own. */
  changed(): void {
    this.#underway.clear();
  }

  /** @throws the reason of the signal, for who gives up while others wait */
  async run(key: string, signal: AbortSignal, work: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
    signal.throwIfAborted();
    const shared = this.#underway.get(key) ?? this.#begin(key, work);
    shared.waiting++;
    const { promise: givenUp, reject } = Promise.withResolvers<never>();
    const leave = (): void => {
      const isLast = --shared.waiting === 0;
      if (!isLast || !this.#lastIsAnswered) reject(signal.reason);
      if (!isLast) return;
      this.#forget(key, shared);
      shared.stop.abort(signal.reason);
    };
    signal.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([shared.result, givenUp]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  #begin(key: string, work: (signal: AbortSignal) => Promise<Result>): Shared<Result> {
    const stop = new AbortController();
    const shared: Shared<Result> = { result: work(stop.signal), waiting: 0, stop };
    this.#underway.set(key, shared);
    const forget = () => this.#forget(key, shared);
    shared.result.then(forget, forget);
    return shared;
  }

  #forget(key: string, shared: Shared<Result>): void {
    if (this.#underway.get(key) === shared) this.#underway.delete(key);
  }
}
