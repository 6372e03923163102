import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { defineError } from '../errors/define-error.js';
import { eventExpired, subgraphUnavailable } from '../errors/common.errors.js';
import type { Log } from '../log/log.js';
import { eventReads, slowReaders } from '../telemetry/activities.js';
import { decodeEventId, isAfter, START, type EventPosition, type StoredEvent } from './event.js';
import { announce, appendEvents, appendingSql, channelOf, currentSnapshot, hasUnsettledEvents, pruneEvents, readEvents, settledPosition, type NewEvent } from './event-table.js';
import { EventQueue } from './event-queue.js';
import { replayThenLive, skipWhile } from './event-replay.js';
import { NotificationListener } from './notification-listener.js';
import { SoonTold } from './soon-told.js';

export const tooSlow = defineError<{ buffered: number }>({
  code: 'SUBSCRIBER_TOO_SLOW',
  status: 429,
  summary: 'The subscriber read more slowly than events came, and the buffer between ran full.',
  remedy: 'Subscribe again with `after` set to the id of the last event you got.',
  message: ({ buffered }) => `more than ${buffered} events waited for this subscriber; subscribe again with the last event's id as "after"`,
});

export interface EventLogOptions {
  pool: Pool;
  url: string;
  schema: string;
  log: Log;
  keptDays?: number;
}

export interface EventFilter {
  topic: string;
  /** Only events of this thing. */
  subject?: string | null;
  /** The id of the last event already seen: it is replayed from there, then live. */
  after?: string | null;
}

interface Subscriber {
  wants: (event: StoredEvent) => boolean;
  deliver: (event: StoredEvent) => void;
  /** Everything up to here has been replayed, or is none of the subscriber's business. */
  from: EventPosition;
}

/** Hears announcements, which come the moment their transaction commits. */
export interface AnnouncementListener {
  heard: (text: string) => void;
  /** Announcements may have been missed: called when the connection is lost, and again when it is back. */
  missed: () => void;
}

const BATCH = 1_000;
const BUFFER = 1_024;
const KEPT_DAYS = 7;
const SETTLING_MS = 20;
const SAFETY_POLL_MS = 5_000;
const PRUNE_MS = 3_600_000;
/** What listeners hear when there are events to be read. */
const LOOK = '';

/**
 * A subgraph's events: written in the transaction of the change, delivered in one order to any number of listeners,
 * in this process and in others, replayable for as long as they are kept.
 */
export class EventLog {
  readonly #options: Required<EventLogOptions>;
  readonly #subscribers = new Set<Subscriber>();
  readonly #announcementListeners = new Set<AnnouncementListener>();
  readonly #soonTold: SoonTold;
  #tail: EventPosition = START;
  #listener: NotificationListener | undefined;
  #reading: Promise<void> | undefined;
  #readAgain = false;
  #stopped = false;
  #timers: NodeJS.Timeout[] = [];

  private constructor(options: EventLogOptions) {
    this.#options = { keptDays: KEPT_DAYS, ...options };
    this.#soonTold = new SoonTold(options);
  }

  /** Begins to listen; events committed from now on reach subscribers. */
  static async open(options: EventLogOptions): Promise<EventLog> {
    const events = new EventLog(options);
    events.#listener = await events.#openListener();
    events.#tail = await settledPosition(options.pool, options.schema);
    events.#timers.push(setInterval(() => events.#wake(), SAFETY_POLL_MS), setInterval(() => void events.#prune(), PRUNE_MS));
    for (const timer of events.#timers) timer.unref();
    void events.#prune();
    return events;
  }

  /** Whether no other process of this subgraph is there, so that all changes are made in this one. */
  get isAlone(): boolean {
    return this.#listener?.isAlone === true;
  }

  /** Writes an event in the EntityManager's transaction. */
  append(em: EntityManager, ...events: NewEvent[]): Promise<void> {
    return appendEvents(em, this.#options.schema, events);
  }

  /**
   * SQL that writes events as one part of a larger statement, for what happens so often that it is one statement: `rows` selects
   * their topic, subject and payload. Whoever runs it calls {@link tellSoon} when it has committed.
   */
  appendingSql(rows: string): string {
    return appendingSql(this.#options.schema, rows);
  }

  /**
   * Has every process of this subgraph look for events that are committed, and tells it these announcements. Should this process end
   * before, events are seen within some seconds all the same, and announcements by nobody.
   */
  tellSoon(...texts: string[]): void {
    this.#soonTold.tell(LOOK, ...texts);
  }

  /**
   * Tells every process of this subgraph a short text (under 8,000 bytes) when the EntityManager's transaction commits.
   * Unlike an event it waits for no other transaction, is not kept and has no order: for what must be known at once.
   */
  announce(em: EntityManager, ...texts: string[]): Promise<void> {
    return announce(em, this.#options.schema, texts);
  }

  /** Hears announcements until the function it returns is called; throws SUBGRAPH_UNAVAILABLE while none could be heard. */
  onAnnouncement(listener: AnnouncementListener): () => void {
    if (!this.#listener?.isUp) throw subgraphUnavailable({ subgraph: this.#options.schema });
    this.#announcementListeners.add(listener);
    return () => this.#announcementListeners.delete(listener);
  }

  /** Calls back for every event of a topic, for what this process keeps in memory. Ends with the function it returns. */
  onEvent(topic: string, deliver: (event: StoredEvent) => void): () => void {
    const subscriber: Subscriber = { wants: (event) => event.topic === topic, deliver, from: this.#tail };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  /**
   * Events of a topic from now on, or from behind `after`: none is missed, none comes twice.
   *
   * @throws EVENT_EXPIRED when events behind `after` may have been removed; BAD_INPUT when it is no event id
   */
  async subscribe<Payload>({ topic, subject, after }: EventFilter): Promise<AsyncIterableIterator<StoredEvent<Payload>>> {
    const wants = (event: StoredEvent) => event.topic === topic && (subject == null || event.subject === subject);
    const from = after == null ? undefined : decodeEventId(after);
    if (from) await this.#requireKept(from);
    const live = new EventQueue<StoredEvent>(BUFFER, () => this.#subscribers.delete(subscriber));
    const subscriber: Subscriber = {
      wants,
      from: this.#tail,
      deliver: (event) => {
        if (live.push(event)) return;
        slowReaders.tell({ at: 'events' });
        live.fail(tooSlow({ buffered: BUFFER }));
      },
    };
    this.#subscribers.add(subscriber);
    const { pool, schema } = this.#options;
    const read = (position: EventPosition, until: EventPosition, limit: number) => readEvents(pool, schema, position, limit, until);
    const events = from ? replayThenLive({ after: from, until: subscriber.from, wants, live, read }) : await this.#fromNow(live);
    return events as AsyncIterableIterator<StoredEvent<Payload>>;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
    await this.#soonTold.stop();
    await this.#listener?.stop();
    await this.#reading;
  }

  /** Live events without those that were committed already, but not yet read, when the subscription began. */
  async #fromNow(live: EventQueue<StoredEvent>): Promise<AsyncIterableIterator<StoredEvent>> {
    try {
      const seen = await currentSnapshot(this.#options.pool);
      return skipWhile(live, ({ xid }) => seen(xid));
    } catch (error) {
      await live.return();
      throw error;
    }
  }

  async #requireKept(after: EventPosition): Promise<void> {
    const { pool, schema, keptDays } = this.#options;
    const { rows } = await pool.query<{ kept: boolean }>(
      `select exists (select 1 from "${schema}".event where xid = $1::xid8 and sequence = $2) as kept`,
      [String(after.xid), String(after.sequence)],
    );
    if (!rows[0]?.kept) throw eventExpired({ field: 'after', keptDays });
  }

  #openListener(): Promise<NotificationListener> {
    const { url, schema, log } = this.#options;
    return NotificationListener.open({
      url,
      channel: channelOf(schema),
      name: `hutong ${schema} events`,
      log,
      onNotification: (text) => {
        if (text === LOOK) this.#wake();
        else for (const { heard } of this.#announcementListeners) heard(text);
      },
      onGap: () => {
        for (const { missed } of this.#announcementListeners) missed();
        this.#wake();
      },
    });
  }

  #wake(): void {
    if (this.#stopped) return;
    this.#readAgain = true;
    this.#reading ??= this.#readTail()
      .catch((error: unknown) => this.#options.log.warn({ err: error }, 'could not read events; will try again'))
      .finally(() => (this.#reading = undefined));
  }

  async #readTail(): Promise<void> {
    const { pool, schema } = this.#options;
    while (this.#readAgain && !this.#stopped) {
      this.#readAgain = false;
      const batch = await readEvents(pool, schema, this.#tail, BATCH);
      if (batch[0]) eventReads.tell({ subgraph: schema, events: batch.length, lagSeconds: (Date.now() - batch[0].at.getTime()) / 1_000 });
      for (const event of batch) this.#deliver(event);
      this.#tail = batch.at(-1) ?? this.#tail;
      if (batch.length === BATCH) this.#readAgain = true;
      else if (await hasUnsettledEvents(pool, schema, this.#tail)) {
        await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
        this.#readAgain = true;
      }
    }
  }

  #deliver(event: StoredEvent): void {
    for (const subscriber of this.#subscribers) {
      if (isAfter(event, subscriber.from) && subscriber.wants(event)) subscriber.deliver(event);
    }
  }

  async #prune(): Promise<void> {
    const { pool, schema, keptDays, log } = this.#options;
    await pruneEvents(pool, schema, keptDays).catch((error: unknown) => log.warn({ err: error }, 'could not remove old events'));
  }
}
