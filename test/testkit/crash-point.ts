import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import type { Platform } from './platform.js';

const LOCK = 4_711;
const SCHEMAS = ['compute_registry', 'scheduling', 'cloud_vm', 'ai_arts'];
const WAIT_MS = 60_000;
/** Who waits in this database: other suites hold their platforms at the same time on the same server. */
const HOLDER = `select pid from pg_locks where locktype = 'advisory' and objid = $1 and not granted and database = (select oid from pg_database where datname = current_database())`;

/** What becomes of the statement at which the platform is killed. */
export type Ending = 'undone' | 'done';
const ENDINGS: Ending[] = ['undone', 'done'];

/** Every statement of every work, with both endings; beyond its last one a work is simply not interrupted. @param statements that each work writes, at the most */
export const crashCases = <Work extends string>(statements: Readonly<Record<Work, number>>): { work: Work; ending: Ending; statement: number }[] =>
  (Object.keys(statements) as Work[]).flatMap((work) => ENDINGS.flatMap((ending) => Array.from({ length: statements[work] }, (_, n) => ({ work, ending, statement: n + 1 }))));

/**
 * Holds the platform at its n-th writing statement, by a trigger on every table, so that a test can kill it exactly
 * there. Nothing in the product knows of it.
 */
export class CrashPoint {
  readonly #client: Client;

  private constructor(client: Client) {
    this.#client = client;
  }

  static async install(databaseUrl: string): Promise<CrashPoint> {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    await client.query(`
      create schema crash;
      create table crash.armed (step integer not null);
      create sequence crash.steps;
      create function crash.hold() returns trigger language plpgsql as $$
      begin
        if exists (select 1 from crash.armed) and nextval('crash.steps') = (select step from crash.armed) then
          perform pg_advisory_xact_lock(${LOCK});
        end if;
        return null;
      end $$;`);
    const { rows } = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname = any($1) and tablename not in ('migration')`,
      [SCHEMAS],
    );
    for (const { name } of rows) {
      await client.query(`create trigger crash after insert or update or delete on ${name} for each statement execute function crash.hold()`);
    }
    return new CrashPoint(client);
  }

  /** From now on the `step`-th writing statement waits. */
  async arm(step: number): Promise<void> {
    await this.#client.query('select pg_advisory_lock($1)', [LOCK]);
    await this.#client.query('alter sequence crash.steps restart');
    await this.#client.query('delete from crash.armed');
    await this.#client.query('insert into crash.armed values ($1)', [step]);
  }

  /**
   * Runs the work until it reaches the armed statement, kills the platform there, and starts it again.
   *
   * @param ending whether the statement at hand is lost with the platform, or still carried out by the database
   * @returns whether the statement was reached; false: the work was done before
   * @throws what the work failed with before
   */
  async killDuring(platform: Platform, ending: Ending, work: () => Promise<unknown>): Promise<boolean> {
    let isOver = false;
    let failure: unknown;
    const running = work()
      .catch((error: unknown) => (failure = error))
      .finally(() => (isOver = true));
    try {
      const holder = await this.#untilHeld(() => isOver);
      if (holder !== undefined) return await this.#kill(platform, ending, holder, running);
    } finally {
      // Else the platform would be held for good.
      await this.#disarm();
    }
    if (failure !== undefined) throw failure;
    return false;
  }

  async close(): Promise<void> {
    await this.#client.end();
  }

  async #kill(platform: Platform, ending: Ending, holder: number, running: Promise<unknown>): Promise<true> {
    await platform.kill();
    if (ending === 'undone') await this.#client.query('select pg_terminate_backend($1)', [holder]);
    await this.#disarm();
    await running;
    await platform.start();
    return true;
  }

  async #disarm(): Promise<void> {
    await this.#client.query('delete from crash.armed');
    await this.#client.query('select pg_advisory_unlock_all()');
  }

  async #untilHeld(isOver: () => boolean): Promise<number | undefined> {
    const deadline = Date.now() + WAIT_MS;
    while (!isOver() && Date.now() < deadline) {
      const { rows } = await this.#client.query<{ pid: number }>(HOLDER, [LOCK]);
      if (rows[0]) return rows[0].pid;
      await delay(5);
    }
    if (!isOver()) throw new Error('the platform neither finished nor reached the armed statement');
    return undefined;
  }
}
