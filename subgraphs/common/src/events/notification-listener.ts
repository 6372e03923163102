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

/** A connection of its own that listens to one channel of the database, and comes back when it is lost. */
export class NotificationListener {
  readonly #options: NotificationListenerOptions;
  #client: Client | undefined;
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

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const { url, channel, name, log, onNotification, onGap } = this.#options;
    const client = new Client({ connectionString: url, keepAlive: true, application_name: name });
    client.on('notification', ({ payload }) => onNotification(payload ?? ''));
    client.on('error', (error) => log.warn({ err: error }, 'lost the connection that listens for events'));
    client.on('end', () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      onGap();
      this.#reconnectSoon();
    });
    await client.connect();
    await client.query(`listen "${channel}"`);
    this.#client = client;
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
