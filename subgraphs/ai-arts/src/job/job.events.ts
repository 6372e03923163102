import { filterIterator, mayAccessOwned, type Caller, type EventLog, type NewEvent, type StoredEvent } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Job, JobKindName } from './job.entity.js';
import type { JobState } from './job.states.js';

/** What is kept of a change: enough to tell it, and whom it may be told to. */
export interface JobChange {
  state: JobState;
  kind: JobKindName;
  ownerId: string;
}

const TOPIC = 'job';
/** Said to every process when there may be something to do. */
const WORK = 'there is work for jobs';

/** What happens to jobs, as events. */
export class JobEvents {
  constructor(private readonly log: EventLog) {}

  /** Writes down the states that a job enters, in the transaction in which it does. */
  append(tx: EntityManager, { id, kind, ownerId }: Pick<Job, 'id' | 'kind' | 'ownerId'>, states: readonly JobState[]): Promise<void> {
    return this.log.append(tx, ...states.map((state) => this.eventOf({ id, kind, ownerId }, state)));
  }

  /** The event of a job's entering a state. */
  eventOf({ id, kind, ownerId }: Pick<Job, 'id' | 'kind' | 'ownerId'>, state: JobState): NewEvent & { payload: JobChange } {
    return { topic: TOPIC, subject: id, payload: { state, kind, ownerId } };
  }

  /** SQL that writes events as one part of a larger statement; {@link tellSoon} when it has committed. */
  appendingSql(rows: string): string {
    return this.log.appendingSql(rows);
  }

  /** Tells of events that are committed, and of work when there may be something to do. */
  tellSoon(hasWork: boolean): void {
    this.log.tellSoon(...(hasWork ? [WORK] : []));
  }

  /** Events of one job, or of all that the caller may see, from now on or from behind `after`; replayed ones are checked alike. */
  async subscribe(caller: Caller, { id, after }: { id?: string | undefined; after?: string | null | undefined }): Promise<AsyncIterableIterator<StoredEvent<JobChange>>> {
    const events = await this.log.subscribe<JobChange>({ topic: TOPIC, subject: id ?? null, after: after ?? null });
    return filterIterator(events, ({ payload }) => mayAccessOwned(caller, payload.ownerId));
  }

  /** Calls back for every change of any job, whichever process made it, until the function it returns is called. */
  onChange(heard: (id: string, state: JobState) => void): () => void {
    return this.log.onEvent(TOPIC, ({ subject, payload }) => heard(subject, (payload as JobChange).state));
  }

  /** Has the workers of every process look for something to do when the transaction has committed. What is to be done stands in the rows, so that nothing is lost should nobody hear. */
  wake(tx: EntityManager): Promise<void> {
    return this.log.announce(tx, WORK);
  }

  /** Calls back when there may be something to do, until the function it returns is called. */
  onWork(heard: () => void): () => void {
    return this.log.onAnnouncement({ heard: (text) => text === WORK && heard(), missed: heard });
  }
}
