import { randomUUID } from 'node:crypto';
import { sql } from '../database/sql.js';
import type { Log } from '../log/log.js';
import type { EntityManager } from '@mikro-orm/postgresql';
import pg from 'pg';

const RECONNECT_MS = 500;
const LOCK_OF = `hashtextextended('hutong worker ' || $1::text, 0)`;

/**
 * Tells other processes that this one lives: a connection that holds an advisory lock, which PostgreSQL frees the
 * moment the process is gone. What a dead process was working on may be taken over; what a living one works on may not.
 */
export class WorkerPresence {
  /** Written beside everything this process works on. */
  readonly id = randomUUID();
  readonly #url: string;
  readonly #log: Log;
  readonly #busyWith = new Set<string>();
  #client: pg.Client | undefined;
  /** One that holds no lock yet. */
  #connecting: pg.Client | undefined;
  #stopped = false;

  private constructor(url: string, log: Log) {
    this.#url = url;
    this.#log = log;
  }

  static async open(url: string, log: Log): Promise<WorkerPresence> {
    const presence = new WorkerPresence(url, log);
    await presence.#connect();
    return presence;
  }

  /** Notes that this process works on a key from now on. */
  begin(key: string): void {
    this.#busyWith.add(key);
  }

  /** Notes that this process no longer works on a key, whatever became of it. */
  end(key: string): void {
    this.#busyWith.delete(key);
  }

  /** Whether work that `worker` began was abandoned: its process is gone, or it is this one and it gave up. */
  async isAbandoned(tx: EntityManager, { worker, key }: { worker: string; key: string }): Promise<boolean> {
    if (worker === this.id) return !this.#busyWith.has(key);
    const [row] = await sql<{ gone: boolean }>(tx, `select pg_try_advisory_xact_lock(${LOCK_OF}) as gone`, [worker]);
    return row?.gone === true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    giveUp(this.#connecting);
    await this.#client?.end().catch(() => undefined);
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({ connectionString: this.#url, keepAlive: true, application_name: 'hutong worker' });
    client.on('error', (error) => this.#log.warn({ err: error }, 'lost the connection that tells other processes that this one lives'));
    client.on('end', () => this.#connectAgain());
    this.#connecting = client;
    try {
      await client.connect();
      await client.query(`select pg_advisory_lock(${LOCK_OF})`, [this.id]);
      if (this.#stopped) throw new Error('the process stopped while it connected');
      this.#client = client;
    } catch (error) {
      client.removeAllListeners('end');
      giveUp(client);
      throw error;
    } finally {
      this.#connecting = undefined;
    }
  }

  #connectAgain(): void {
    if (this.#stopped) return;
    setTimeout(() => {
      if (!this.#stopped) this.#connect().catch(() => this.#connectAgain());
    }, RECONNECT_MS).unref();
  }
}

/** Ends a connection that may never come about, which nobody waits for. */
function giveUp(client: pg.Client | undefined): void {
  client?.end().catch(() => undefined);
}
