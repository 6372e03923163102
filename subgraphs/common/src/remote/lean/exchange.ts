import type { Cancellable, Cancellation } from '../../timing/cancellation.js';
import type { ReadAnswer } from '../http-client.js';
import type { RequestText } from './request-text.js';

/** One request on its way to its answer; ends once. */
export class Exchange implements Cancellable {
  readonly answer: Promise<ReadAnswer>;
  /** Called when the request is given up before its end. */
  onGivenUp: (() => void) | undefined;
  readonly request: RequestText;
  readonly #cancellation: Cancellation;
  readonly #resolve: (answer: ReadAnswer) => void;
  readonly #reject: (reason: unknown) => void;

  /** @param cancellation gives the request up; must not have happened yet */
  constructor(request: RequestText, cancellation: Cancellation) {
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>();
    this.answer = promise;
    this.request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#cancellation = cancellation;
    cancellation.add(this);
  }

  cancelled(reason: unknown): void {
    const given = this.onGivenUp;
    this.fail(reason);
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
    this.#cancellation.remove(this);
  }
}
