import type { Dispatcher } from 'undici';
import type { Cancellable, Cancellation } from '../timing/cancellation.js';
import { BrokenOff, TooLarge, type ReadAnswer } from './http-client.js';

/** Reads a whole answer. What undici's own `request` makes of one, a stream with its events, takes as long as the request itself. */
export class AnswerReader implements Dispatcher.DispatchHandler, Cancellable {
  /** Rejects with the reason of the cancellation, {@link BrokenOff}, {@link TooLarge}, or what kept the request from being answered. */
  readonly answer: Promise<ReadAnswer>;
  readonly #cancellation: Cancellation;
  readonly #atMost: number;
  readonly #resolve: (answer: ReadAnswer) => void;
  readonly #reject: (reason: unknown) => void;
  readonly #chunks: Buffer[] = [];
  #controller: Dispatcher.DispatchController | undefined;
  #bytes = 0;
  #status = 0;

  /** @param cancellation ends the request; must not have happened yet */
  constructor(cancellation: Cancellation, atMost: number) {
    const { promise, resolve, reject } = Promise.withResolvers<ReadAnswer>();
    this.answer = promise;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#cancellation = cancellation;
    this.#atMost = atMost;
    cancellation.add(this);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#cancellation.isCancelled) controller.abort(asError(this.#cancellation.reason));
  }

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status;
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#atMost) controller.abort(new TooLarge());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    const [only] = this.#chunks;
    const body = this.#chunks.length === 1 ? only! : Buffer.concat(this.#chunks);
    this.#end();
    this.#resolve({ status: this.#status, body });
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.fail(this.#status >= FINAL && !(error instanceof TooLarge) ? new BrokenOff(error.message, { cause: error }) : error);
  }

  /** Ends the reading, whatever the server does. */
  fail(error: unknown): void {
    this.#end();
    this.#reject(error);
  }

  cancelled(reason: unknown): void {
    this.#controller?.abort(asError(reason));
    this.fail(reason);
  }

  #end(): void {
    this.#cancellation.remove(this);
  }
}

/** The first status that is no mere information. */
const FINAL = 200;

const asError = (reason: unknown): Error => (reason instanceof Error ? reason : new Error('given up', { cause: reason }));
