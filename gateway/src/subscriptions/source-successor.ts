import { EventQueue, HutongError, subgraphUnavailable, tooSlow } from '@hutong/common';
import type { ExecutionResult } from 'graphql';
import { eventIdOf } from '../federation/event-id.js';

/** Events that wait until the successor takes over, and afterwards for its reader. */
const BUFFER = 1_024;

/**
 * A source that is to take over from another one which tells of the same events in another form. Both are open for a
 * while; as soon as both have told of the same event the successor may go on alone, from behind what was told before.
 */
export class SourceSuccessor implements AsyncIterableIterator<ExecutionResult> {
  readonly #events: AsyncIterableIterator<ExecutionResult>;
  readonly #queue: EventQueue<ExecutionResult>;
  readonly #told = new Set<string>();
  readonly #heard = new Set<string>();
  #met = false;
  /** Events before the first that both told of came from the predecessor. */
  #behind = false;

  /** @param lastTold the id of the last event that the predecessor told of before */
  constructor(events: AsyncIterableIterator<ExecutionResult>, lastTold: string | undefined) {
    this.#events = events;
    this.#queue = new EventQueue(BUFFER, () => void events.return?.());
    if (lastTold !== undefined) this.#told.add(lastTold);
    void this.#collect();
  }

  /** Whether no event is missed when this one goes on from here. */
  get met(): boolean {
    return this.#met;
  }

  /** The predecessor told of an event. */
  tell(id: string | undefined): void {
    if (id === undefined) return;
    this.#told.add(id);
    if (this.#heard.has(id)) this.#met = true;
  }

  /** What comes behind the events that were told; to be called when this one has taken over. */
  async next(): Promise<IteratorResult<ExecutionResult>> {
    for (;;) {
      const item = await this.#queue.next();
      if (item.done) return item;
      const id = eventIdOf(item.value);
      const wasTold = id !== undefined && this.#told.has(id);
      if (wasTold) this.#behind = true;
      if (wasTold || (this.#met && !this.#behind)) continue;
      this.#told.clear();
      this.#behind = true;
      return item;
    }
  }

  return(): Promise<IteratorResult<ExecutionResult>> {
    return this.#queue.return();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #collect(): Promise<void> {
    try {
      for await (const event of this.#events) {
        this.#hear(eventIdOf(event));
        if (!this.#queue.push(event)) throw tooSlow({ buffered: BUFFER });
      }
      this.#queue.finish();
    } catch (error) {
      this.#queue.fail(error instanceof HutongError ? error : subgraphUnavailable({ subgraph: 'of this subscription', cause: error }));
    }
  }

  #hear(id: string | undefined): void {
    if (id === undefined || this.#met) return;
    this.#heard.add(id);
    if (this.#told.has(id)) this.#met = true;
  }
}
