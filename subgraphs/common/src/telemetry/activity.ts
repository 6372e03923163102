import type { AsyncLocalStorage } from 'node:async_hooks';
import { channel, type Channel } from 'node:diagnostics_channel';

/** An activity while it runs, and, where it has ended, how. */
export interface Running<Details, Result = unknown> {
  readonly details: Details;
  /** Milliseconds of `performance.now()`. */
  readonly startedAt: number;
  result?: Result;
  error?: unknown;
}

/** Seconds since an activity began, the unit of every duration that is measured. */
export const secondsOf = ({ startedAt }: Running<unknown>): number => (performance.now() - startedAt) / 1_000;

const nobodyListens = (): void => undefined;

/** A store that has a value within an activity. */
interface BoundStore<Details, Result> {
  store: AsyncLocalStorage<unknown>;
  valueOf: (running: Running<Details, Result>) => unknown;
}

/**
 * Something that takes a while, told to whoever listens through Node's `diagnostics_channel`: nothing is handed around for
 * it, and where nobody listens it costs nothing. It belongs to the process, not to one gateway or subgraph in it.
 */
export class Activity<Details extends object, Result = unknown> {
  readonly #start: Channel;
  readonly #end: Channel;
  #bound: readonly BoundStore<Details, Result>[] = [];

  /** @param name unique in the process */
  constructor(readonly name: string) {
    this.#start = channel(`hutong:${name}:start`);
    this.#end = channel(`hutong:${name}:end`);
  }

  get #unheard(): boolean {
    return !this.#end.hasSubscribers && !this.#start.hasSubscribers && this.#bound.length === 0;
  }

  /** Runs work that ends when its promise does. */
  run<Answer extends Result>(details: Details, work: () => Promise<Answer>): Promise<Answer> {
    if (this.#unheard) return work();
    const running: Running<Details, Result> = { details, startedAt: performance.now() };
    return this.#within(running, async () => {
      try {
        const result = await work();
        running.result = result;
        return result;
      } catch (error) {
        running.error = error;
        throw error;
      } finally {
        this.#end.publish(running);
      }
    });
  }

  /** Runs work that ends when it returns. */
  runSync<Answer extends Result>(details: Details, work: () => Answer): Answer {
    if (this.#unheard) return work();
    const running: Running<Details, Result> = { details, startedAt: performance.now() };
    return this.#within(running, () => {
      try {
        return (running.result = work());
      } catch (error) {
        running.error = error;
        throw error;
      } finally {
        this.#end.publish(running);
      }
    });
  }

  /**
   * Begins what ends when the function that is answered is called; calling it again changes nothing.
   *
   * @param work runs as part of the activity
   */
  begin(details: Details, work: () => void = nobodyListens): (end?: Pick<Running<Details, Result>, 'result' | 'error'>) => void {
    if (this.#unheard) {
      work();
      return nobodyListens;
    }
    const running: Running<Details, Result> = { details, startedAt: performance.now() };
    this.#within(running, work);
    let ended = false;
    return (end) => {
      if (ended) return;
      ended = true;
      this.#end.publish(Object.assign(running, end));
    };
  }

  /** Hears of every beginning until the function it answers is called. */
  onStart(listener: (running: Running<Details, Result>) => void): () => void {
    return heard(this.#start, listener);
  }

  /** Hears of every end until the function it answers is called. */
  onEnd(listener: (running: Running<Details, Result>) => void): () => void {
    return heard(this.#end, listener);
  }

  /** Gives a store a value for everything that happens within the activity. Ends with the function it answers. */
  bind<Value>(store: AsyncLocalStorage<Value>, valueOf: (running: Running<Details, Result>) => Value): () => void {
    const bound = { store, valueOf };
    this.#bound = [...this.#bound, bound];
    return () => {
      this.#bound = this.#bound.filter((other) => other !== bound);
    };
  }

  /**
   * Tells of the beginning, and does what follows where the stores have their values. A store that has its value already, as below a
   * span that is not recorded, is not entered again.
   */
  #within<Answer>(running: Running<Details, Result>, work: () => Answer, next = 0): Answer {
    const bound = this.#bound[next];
    if (!bound) {
      if (this.#start.hasSubscribers) this.#start.publish(running);
      return work();
    }
    const { store, valueOf } = bound;
    const value = valueOf(running);
    return value === store.getStore() ? this.#within(running, work, next + 1) : store.run(value, () => this.#within(running, work, next + 1));
  }
}

/** Something that happens at once, told like an {@link Activity}. */
export class Occurrence<Details extends object> {
  readonly #channel: Channel;

  /** @param name unique in the process */
  constructor(readonly name: string) {
    this.#channel = channel(`hutong:${name}`);
  }

  tell(details: Details): void {
    if (this.#channel.hasSubscribers) this.#channel.publish(details);
  }

  /** Hears of every occurrence until the function it answers is called. */
  hear(listener: (details: Details) => void): () => void {
    return heard(this.#channel, listener);
  }
}

/** What is published on one of these channels has the type that its listeners take. */
function heard(of: Channel, listener: (message: never) => void): () => void {
  const take = listener as (message: unknown) => void;
  of.subscribe(take);
  return () => {
    of.unsubscribe(take);
  };
}
