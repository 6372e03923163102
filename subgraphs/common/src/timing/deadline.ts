import { Cancellation, type Cancellable } from './cancellation.js';

/**
 * Runs work that has a time limit and is given up when `outer` is cancelled; it is told in both cases.
 *
 * @param start when the time begins; undefined: now
 * @param tooLate what to reject with when the time is over
 * @throws the reason of `outer`, or what `tooLate` makes, whether the work ends or not
 */
export function withDeadline<Result>(
  outer: Cancellation,
  milliseconds: number,
  tooLate: () => unknown,
  work: (cancellation: Cancellation) => Promise<Result>,
  start?: Promise<void>,
): Promise<Result> {
  if (outer.isCancelled) return Promise.reject(outer.reason);
  return new LimitedWork<Result>(outer, milliseconds, tooLate).run(work, start);
}

class LimitedWork<Result> extends Cancellation implements Cancellable {
  readonly #outer: Cancellation;
  readonly #milliseconds: number;
  readonly #tooLate: () => unknown;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #resolve!: (result: Result) => void;
  #reject!: (reason: unknown) => void;

  constructor(outer: Cancellation, milliseconds: number, tooLate: () => unknown) {
    super();
    this.#outer = outer;
    this.#milliseconds = milliseconds;
    this.#tooLate = tooLate;
  }

  run(work: (cancellation: Cancellation) => Promise<Result>, start: Promise<void> | undefined): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      if (start) void start.then(() => this.#begin());
      else this.#begin();
      this.#outer.add(this);
      work(this).then(
        (result) => this.#done(result),
        (reason: unknown) => this.#failed(reason),
      );
    });
  }

  /** Of what it is part of. */
  cancelled(reason: unknown): void {
    this.#failed(reason);
    this.cancel(reason);
  }

  #done(result: Result): void {
    this.#end();
    this.#resolve(result);
  }

  #failed(reason: unknown): void {
    this.#end();
    this.#reject(reason);
  }

  #begin(): void {
    if (!this.#hasEnded) this.#timer = setTimeout(() => this.cancelled(this.#tooLate()), this.#milliseconds);
  }

  #end(): void {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    this.#outer.remove(this);
  }
}
