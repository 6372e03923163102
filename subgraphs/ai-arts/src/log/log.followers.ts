import type { Log } from '@hutong/common';
import type { Job } from '../job/job.entity.js';
import type { JobEvents } from '../job/job.events.js';
import { hasEnded } from '../job/job.states.js';
import { FollowedLog } from './followed.log.js';
import { cursorOf, type LogPage } from './log.page.js';
import type { JobLogs } from './log.source.js';

interface Entry {
  jobId: string;
  followed: FollowedLog;
  followers: number;
}

/** Follows logs for any number of subscribers, with one reader for each log and memory that does not grow with what is written. */
export class LogFollowers {
  readonly #logs: JobLogs;
  readonly #log: Log;
  readonly #entries = new Map<string, Entry>();
  readonly #stopListening: () => void;

  constructor({ logs, events, log }: { logs: JobLogs; events: JobEvents; log: Log }) {
    this.#logs = logs;
    this.#log = log;
    this.#stopListening = events.onChange((id, state) => {
      if (hasEnded(state)) for (const { jobId, followed } of this.#entries.values()) if (jobId === id) followed.close();
    });
  }

  /** What a task of a job writes from an offset on; a page with `complete` is the last. A plain iterator: its `return()` does not queue behind a pending `next()`. */
  follow(job: Job, task: number, from: number): AsyncIterableIterator<LogPage> {
    const { key, followed } = this.#join(job, task);
    const over = Promise.withResolvers<void>();
    let isOver = false;
    let offset = from;
    const end = (): void => {
      if (isOver) return;
      isOver = true;
      over.resolve();
      this.#leave(key);
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      async next() {
        while (!isOver) {
          // Asked for first: what comes while a piece is read must not be missed.
          const { news } = followed;
          if (offset < followed.end) {
            const piece = await followed.pieceAt(offset);
            if (piece.end > offset) {
              offset = piece.end;
              return { done: false, value: piece.page };
            }
          } else if (followed.isComplete) {
            end();
            return { done: false, value: { text: '', cursor: cursorOf(offset), complete: true } };
          }
          await Promise.race([news, over.promise]);
        }
        return { done: true, value: undefined };
      },
      async return() {
        end();
        return { done: true, value: undefined };
      },
    };
  }

  /** Reads no log any more. */
  stop(): void {
    this.#stopListening();
    for (const { followed } of this.#entries.values()) followed.stop();
  }

  #join(job: Job, task: number): { key: string; followed: FollowedLog } {
    const source = this.#logs.of(job, task);
    const { key } = source;
    let entry = this.#entries.get(key);
    if (!entry) {
      entry = { jobId: job.id, followed: new FollowedLog(source, this.#log), followers: 0 };
      this.#entries.set(key, entry);
      void entry.followed.run();
    }
    entry.followers++;
    if (source.isClosed) entry.followed.close();
    return { key, followed: entry.followed };
  }

  #leave(key: string): void {
    const entry = this.#entries.get(key);
    if (!entry || --entry.followers > 0) return;
    entry.followed.stop();
    this.#entries.delete(key);
  }
}
