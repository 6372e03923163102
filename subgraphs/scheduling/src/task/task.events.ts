import { filterIterator, mayAccessOwned, type Caller, type EventLog, type StoredEvent } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Task } from './task.entity.js';
import type { TaskState } from './task.states.js';

/** What is kept of a change: enough to tell it, and whom it may be told to. */
interface TaskChange {
  state: TaskState;
  ownerId: string;
}

const TOPIC = 'task';

/** What happens to tasks, as events. */
export class TaskEvents {
  constructor(private readonly log: EventLog) {}

  /** Writes down the state that a task enters, in the transaction in which it does. */
  append(tx: EntityManager, { id, state, ownerId }: Task): Promise<void> {
    return this.log.append(tx, { topic: TOPIC, subject: String(id), payload: { state, ownerId } satisfies TaskChange });
  }

  /** Events of one task, or of all that the caller may see, from now on or from behind `after`; replayed ones are checked alike. */
  async subscribe(caller: Caller, { taskId, after }: { taskId?: number | undefined; after?: string | null | undefined }): Promise<AsyncIterableIterator<StoredEvent<TaskChange>>> {
    const events = await this.log.subscribe<TaskChange>({ topic: TOPIC, subject: taskId === undefined ? null : String(taskId), after: after ?? null });
    return filterIterator(events, ({ payload }) => mayAccessOwned(caller, payload.ownerId));
  }

  /**
   * Begins to watch a task.
   *
   * @returns `changed` resolves at its next event, or after `atMostMs`; `stop` ends the watch
   */
  watch(taskId: number, atMostMs: number): { changed: Promise<void>; stop: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, atMostMs);
    const unsubscribe = this.log.onEvent(TOPIC, ({ subject }) => {
      if (subject === String(taskId)) resolve();
    });
    const stop = () => {
      clearTimeout(timer);
      unsubscribe();
    };
    return { changed: promise, stop };
  }
}
