import { eventQueues } from '../telemetry/activities.js';

/**
 * A bounded queue between one writer and one reader, as a plain async iterator: `return()` ends it at once, even while
 * a `next()` is pending.
 */
export class EventQueue<Item> implements AsyncIterableIterator<Item> {
  readonly #items: Item[] = [];
  readonly #limit: number;
  readonly #onEnd: () => void;
  readonly #uncount = eventQueues.begin({ queue: this });
  #waiting: { resolve: (result: IteratorResult<Item>) => void; reject: (reason: unknown) => void } | undefined;
  #ended = false;
  #failure: unknown;

  constructor(limit: number, onEnd: () => void) {
    this.#limit = limit;
    this.#onEnd = onEnd;
  }

  /** How many items wait for the reader. */
  get length(): number {
    return this.#items.length;
  }

  /** Hands an item to the reader, or keeps it. Answers false when the reader is too far behind to keep more. */
  push(item: Item): boolean {
    if (this.#ended) return true;
    if (this.#waiting) {
      const { resolve } = this.#waiting;
      this.#waiting = undefined;
      resolve({ done: false, value: item });
      return true;
    }
    if (this.#items.length >= this.#limit) return false;
    this.#items.push(item);
    return true;
  }

  /** Ends the queue with a failure, which the reader gets after what is already kept. */
  fail(failure: unknown): void {
    this.#failure = failure;
    this.#end();
  }

  /** Ends the queue; the reader gets what is already kept. */
  finish(): void {
    this.#end();
  }

  next(): Promise<IteratorResult<Item>> {
    if (this.#items.length > 0) return Promise.resolve({ done: false, value: this.#items.shift()! });
    if (this.#failure !== undefined) {
      const failure = this.#failure;
      this.#failure = undefined;
      return Promise.reject(failure);
    }
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve, reject) => (this.#waiting = { resolve, reject }));
  }

  return(): Promise<IteratorResult<Item>> {
    this.#items.length = 0;
    this.#failure = undefined;
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#uncount();
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting && this.#failure !== undefined) {
      waiting.reject(this.#failure);
      this.#failure = undefined;
    } else waiting?.resolve({ done: true, value: undefined });
    this.#onEnd();
  }
}
