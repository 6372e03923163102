import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import type { Log } from '../log/log.js';

export interface NotificationListenerOptions {
  url: string;
  channel: string;
  /** How the connection names itself in the database's activity list. */
  name: string;
  log: Log;
  /** Called with each notification's text, which may be empty. */
  onNotification: (text: string) => void;
  /** Notifications may have been missed: called when the connection is lost, and again when it is back. */
  onGap: () => void;
}

const RECONNECT_MS = 500;
/** How often one that is not alone looks whether it is again. */
const LOOK_MS = 2_000;
/** What each one says to the channel when it has begun to listen, with its id. */
const ARRIVAL = 'listener:';
const LOCK_OF = `hashtextextended('hutong listener ' || $1::text, 0)`;

/** A connection of its own that listens to one channel of the database, and comes back when it is lost. */
export class NotificationListener {
  readonly #options: NotificationListenerOptions;
  readonly #id = randomUUID();
  #isAlone = false;
  #arrivals = 0;
  #client: Client | undefined;
  /** One that is not heard by yet. */
  #connecting: Client | undefined;
  #looking: NodeJS.Timeout | undefined;
  #stopped = false;

  private constructor(options: NotificationListenerOptions) {
    this.#options = options;
  }

  /** Resolves once notifications are heard; rejects when the database cannot be reached at all. */
  static async open(options: NotificationListenerOptions): Promise<NotificationListener> {
    const listener = new NotificationListener(options);
    await listener.#connect();
    return listener;
  }

  /** Whether notifications are heard at present. */
  get isUp(): boolean {
    return this.#client !== undefined;
  }

  /**
   * Whether no other process listens to the channel. It is false from before another one could change anything until that
   * has gone, and while notifications are not heard.
   */
  get isAlone(): boolean {
    return this.#isAlone;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#looking);
    giveUp(this.#connecting);
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const { url, channel, name, log, onGap } = this.#options;
    const client = new Client({ connectionString: url, keepAlive: true, application_name: name });
    client.on('notification', ({ payload = '' }) => this.#heard(payload));
    client.on('error', (error) => log.warn({ err: error }, 'lost the connection that listens for events'));
    client.on('end', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      this.#learned(false);
      onGap();
      this.#reconnectSoon();
    });
    this.#connecting = client;
    try {
      await client.connect();
      await client.query(`listen "${channel}"`);
      // The lock tells others that we are here, for as long as the connection lasts.
      await client.query(`select pg_advisory_lock_shared(${LOCK_OF})`, [channel]);
      await client.query('select pg_notify($1, $2)', [channel, ARRIVAL + this.#id]);
      const alone = await this.#ask(client);
      if (this.#stopped) throw new Error('the listener was stopped while it connected');
      this.#client = client;
      this.#learned(alone);
    } catch (error) {
      giveUp(client);
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }

  #heard(text: string): void {
    if (!text.startsWith(ARRIVAL)) return this.#options.onNotification(text);
    if (text === ARRIVAL + this.#id) return;
    this.#arrivals += 1;
    this.#learned(false);
  }

  /** An arrival that is told while the answer is on its way is newer than the answer. */
  async #ask(client: Client): Promise<boolean> {
    const arrivals = this.#arrivals;
    const { rows } = await client.query<{ alone: boolean | null }>(`select case when pg_try_advisory_lock(${LOCK_OF}) then pg_advisory_unlock(${LOCK_OF}) end as alone`, [this.#options.channel]);
    return rows[0]?.alone === true && arrivals === this.#arrivals;
  }

  #learned(alone: boolean): void {
    const client = this.#client;
    this.#isAlone = alone && client !== undefined;
    clearTimeout(this.#looking);
    if (alone || !client || this.#stopped) return;
    // Where asking fails the connection is lost, and it is asked again when that is back.
    this.#looking = setTimeout(() => void this.#ask(client).then((answer) => client === this.#client && this.#learned(answer), () => undefined), LOOK_MS);
    this.#looking.unref();
  }

  #reconnectSoon(): void {
    if (!this.#stopped) setTimeout(() => void this.#reconnect(), RECONNECT_MS).unref();
  }

  async #reconnect(): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#connect();
    } catch {
      this.#reconnectSoon();
      return;
    }
    this.#options.onGap();
  }
}

/** Ends a connection that may never come about, which nobody waits for. */
function giveUp(client: Client | undefined): void {
  client?.end().catch(() => undefined);
}
