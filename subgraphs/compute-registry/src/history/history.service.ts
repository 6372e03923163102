import { sql, type House } from '@hutong/common';
import type { Clock } from '../freshness/clock.js';

const DAY_MS = 86_400_000;
const DAYS_AHEAD = 2;
const QUEUE = 'keep-history';
const HOURLY = '17 * * * *';
const PARTITION = /^resource_report_(\d{4})(\d{2})(\d{2})$/;

/**
 * Keeps the history of reports for a set number of days: a partition a day, made ahead and dropped whole, which costs
 * nothing however many reports it held. Also forgets reservation keys that were released as long ago.
 */
export class HistoryService {
  readonly #house: House;
  readonly #keptDays: number;
  readonly #clock: Clock;

  constructor(house: House, keptDays: number, clock: Clock) {
    this.#house = house;
    this.#keptDays = keptDays;
    this.#clock = clock;
  }

  /** Has the upkeep done every hour, by one process whatever number runs. */
  async schedule(): Promise<void> {
    const jobs = await this.#house.jobs();
    await jobs.createQueue(QUEUE);
    await jobs.schedule(QUEUE, HOURLY);
    await jobs.work(QUEUE, async () => {
      await this.upkeep();
    });
  }

  /** Makes the partitions of today and the next days, and removes what is older than it is kept. */
  async upkeep(): Promise<void> {
    const today = Math.floor(this.#clock().getTime() / DAY_MS);
    for (let day = today; day <= today + DAYS_AHEAD; day++) await this.#ensurePartition(day);
    const oldest = new Date((today - this.#keptDays) * DAY_MS);
    await this.#dropPartitionsBefore(oldest);
    const em = this.#house.database.em.fork();
    await sql(em, 'delete from compute_registry.resource_report_other where reported_at < $1', [oldest]);
    await sql(em, 'delete from compute_registry.reservation where released_at < $1', [oldest]);
  }

  async #ensurePartition(day: number): Promise<void> {
    const [from, to] = [dateOf(day), dateOf(day + 1)];
    const name = `resource_report_${from.replaceAll('-', '')}`;
    // The default partition holds rows of that day if nobody made the day's own in time; then they stay there.
    await sql(
      this.#house.database.em.fork(),
      // One upkeep at a time: reading the default partition and then locking it would let two wait for each other.
      `do $$ begin
        perform pg_advisory_xact_lock(hashtextextended('hutong compute_registry history', 0));
        if to_regclass('compute_registry.${name}') is null
          and not exists (select from compute_registry.resource_report_other where reported_at >= '${from}+00' and reported_at < '${to}+00') then
          create table compute_registry.${name} partition of compute_registry.resource_report for values from ('${from}+00') to ('${to}+00');
        end if;
      exception when duplicate_table or invalid_object_definition or check_violation then null;
      end $$`,
    );
  }

  async #dropPartitionsBefore(oldest: Date): Promise<void> {
    const em = this.#house.database.em.fork();
    const partitions = await sql<{ name: string }>(
      em,
      `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'compute_registry.resource_report'::regclass`,
    );
    for (const { name } of partitions) {
      const [, year, month, day] = PARTITION.exec(name) ?? [];
      const end = Date.UTC(Number(year), Number(month) - 1, Number(day) + 1);
      if (end <= oldest.getTime()) await sql(em, `drop table if exists compute_registry.${name}`);
    }
  }
}

const dateOf = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);
