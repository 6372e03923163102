import { isAfter, type EventPosition, type StoredEvent } from './event.js';

export interface Replay {
  /** Position behind which the past is wanted. */
  after: EventPosition;
  /** Position behind which live events come. */
  until: EventPosition;
  wants: (event: StoredEvent) => boolean;
  live: AsyncIterableIterator<StoredEvent>;
  /** Reads up to `limit` events behind a position, none behind `until`. */
  read: (after: EventPosition, until: EventPosition, limit: number) => Promise<StoredEvent[]>;
}

const BATCH = 1_000;

/** Replays the past up to where live events begin, then hands over to them: none is missed, none comes twice. */
export function replayThenLive({ after, until, wants, live, read }: Replay): AsyncIterableIterator<StoredEvent> {
  const upcoming = skipWhile(live, (event) => !isAfter(event, after));
  let cursor = after;
  let replayed: StoredEvent[] = [];
  let caughtUp = !isAfter(until, after);
  let ended = false;
  const next = async (): Promise<IteratorResult<StoredEvent>> => {
    while (!caughtUp && replayed.length === 0 && !ended) {
      const batch = await read(cursor, until, BATCH);
      cursor = batch.at(-1) ?? cursor;
      caughtUp = batch.length < BATCH;
      replayed = batch.filter(wants);
    }
    if (ended) return { done: true, value: undefined };
    const event = replayed.shift();
    return event ? { done: false, value: event } : upcoming.next();
  };
  return iterator(next, () => {
    ended = true;
    return upcoming.return?.();
  });
}

/** A stream without the events that match. */
export function skipWhile(live: AsyncIterableIterator<StoredEvent>, matches: (event: StoredEvent) => boolean): AsyncIterableIterator<StoredEvent> {
  const next = async (): Promise<IteratorResult<StoredEvent>> => {
    for (;;) {
      const item = await live.next();
      if (item.done || !matches(item.value)) return item;
    }
  };
  return iterator(next, () => live.return?.());
}

function iterator(next: () => Promise<IteratorResult<StoredEvent>>, end: () => Promise<unknown> | undefined): AsyncIterableIterator<StoredEvent> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next,
    async return() {
      await end();
      return { done: true, value: undefined };
    },
  };
}
