import type { ReadAnswer } from '../http-client.js';
import type { RequestText } from './request-text.js';

/** One request on its way to its answer; ends once. */
export class Exchange {
  readonly answer: Promise<ReadAnswer>;
  /** Called when the request is given up before its end. */
  onGivenUp: (() => void) | undefined;
  readonly request: RequestText;
  readonly #signal: AbortSignal;
  readonly #resolve: (answer: ReadAnswer) => void;
  readonly #reject: (reason: unknown) => void;

  /** @param signal gives the request up; must not be aborted yet */
  constructor(request: RequestText, signal: AbortSignal) {
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>();
    this.answer = promise;
    this.request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
    signal.addEventListener('abort', this);
  }

  /** Of the signal. */
  handleEvent(): void {
    const given = this.onGivenUp;
    this.fail(this.#signal.reason);
    given?.();
  }

  end(answer: ReadAnswer): void {
    this.#leave();
    this.#resolve(answer);
  }

  fail(error: unknown): void {
    this.#leave();
    this.#reject(error);
  }

  #leave(): void {
    this.onGivenUp = undefined;
    this.#signal.removeEventListener('abort', this);
  }
}
