import { EventQueue, HutongError, subgraphUnavailable, tooSlow } from '@hutong/common';
import { slowReaders } from '@hutong/common/telemetry';
import type { ExecutionResult } from 'graphql';
import { sharedSources } from '../telemetry/activities.js';

type Results = AsyncIterableIterator<ExecutionResult>;
type Opening = Promise<Results | ExecutionResult>;

/** Results that wait for one reader. */
const BUFFER = 1_024;

interface Stream {
  opening: Opening;
  readers: Set<EventQueue<ExecutionResult>>;
  /** How many wait for the stream to open, or read it. */
  users: number;
  close: () => void;
}

/**
 * Lets equal subscriptions share one source and one execution of each event. A reader that joins later gets what comes
 * from then on; one that falls more than 1,024 results behind fails with SUBSCRIBER_TOO_SLOW and holds up nobody. All end with
 * their source.
 */
export class SharedStreams {
  readonly #streams = new Map<string, Stream>();

  /** Streams that are open at present. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Reads the stream of this key.
   *
   * @param key the same only for subscriptions that must get the same results
   * @param open opens the stream when nobody reads it yet; the signal is aborted when nobody does any longer
   */
  async read(key: string, open: (signal: AbortSignal) => Opening): Promise<Results | ExecutionResult> {
    const stream = this.#streams.get(key) ?? this.#open(key, open);
    stream.users++;
    const queue = new EventQueue<ExecutionResult>(BUFFER, () => {
      stream.readers.delete(queue);
      if (--stream.users === 0) stream.close();
    });
    stream.readers.add(queue);
    try {
      const results = await stream.opening;
      if (Symbol.asyncIterator in results) return queue;
      await queue.return();
      return results;
    } catch (error) {
      await queue.return();
      throw error;
    }
  }

  #open(key: string, open: (signal: AbortSignal) => Opening): Stream {
    const controller = new AbortController();
    const stream: Stream = { opening: open(controller.signal), readers: new Set(), users: 0, close: () => undefined };
    const uncount = sharedSources.begin({});
    stream.close = () => {
      uncount();
      if (this.#streams.get(key) === stream) this.#streams.delete(key);
      controller.abort(new Error('nobody reads the subscription any longer'));
      void stream.opening.then((results) => (Symbol.asyncIterator in results ? results.return?.() : undefined)).catch(() => undefined);
    };
    this.#streams.set(key, stream);
    void this.#pump(stream);
    return stream;
  }

  async #pump({ opening, readers }: Stream): Promise<void> {
    try {
      const results = await opening;
      if (!(Symbol.asyncIterator in results)) return;
      for await (const result of results) {
        for (const reader of readers) {
          if (reader.push(result)) continue;
          slowReaders.tell({ at: 'subscription' });
          reader.fail(tooSlow({ buffered: BUFFER }));
        }
      }
      for (const reader of readers) reader.finish();
    } catch (error) {
      const failure = error instanceof HutongError ? error : subgraphUnavailable({ subgraph: 'of this subscription', cause: error });
      for (const reader of readers) reader.fail(failure);
    }
  }
}
