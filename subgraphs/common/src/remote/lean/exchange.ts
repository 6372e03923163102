import type { Cancellable, Cancellation } from '../../timing/cancellation.js';
import type { ReadAnswer } from '../http-client.js';
import type { RequestText } from './request-text.js';

/** Has a request until its end. */
export interface ExchangeHolder {
  /** The request was given up: it is to be let go. */
  givenUp(exchange: Exchange): void;
}

/** One request on its way to its answer; ends once. */
export class Exchange implements Cancellable {
  readonly answer: Promise<ReadAnswer>;
  /** Not a function: one that is written as what a property is set to is old to V8 from its beginning, and keeps what it knows from being collected in passing. */
  holder: ExchangeHolder | undefined;
  #request: RequestText | undefined;
  readonly #cancellation: Cancellation;
  readonly #resolve: (answer: ReadAnswer) => void;
  readonly #reject: (reason: unknown) => void;

  /** @param cancellation gives the request up; must not have happened yet */
  constructor(request: RequestText, cancellation: Cancellation) {
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>();
    this.answer = promise;
    this.#request = request;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#cancellation = cancellation;
    cancellation.add(this);
  }

  /** What is to be sent, once; an answer may be long in coming. */
  taken(): RequestText {
    const request = this.#request!;
    this.#request = undefined;
    return request;
  }

  cancelled(reason: unknown): void {
    const { holder } = this;
    this.fail(reason);
    holder?.givenUp(this);
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
    this.holder = undefined;
    this.#cancellation.remove(this);
  }
}
