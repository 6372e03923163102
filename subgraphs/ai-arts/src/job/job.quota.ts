import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { jobQuotaExceeded } from '../errors.js';
import type { Job } from './job.entity.js';
import type { JobKinds } from './job.kind.js';

type Owned = Pick<Job, 'ownerId' | 'kind'>;

const LOCK = `hashtextextended('hutong ai-arts quota ' || $1, 0)`;
const ALONE = `select pg_advisory_xact_lock(${LOCK})`;
const COUNTED = `
  select nextval('ai_arts.job_admission')::float8 as number, (
    select count(*) from ai_arts.job where owner_id = $1 and kind = $2 and state in ('UNAPPROVED', 'QUEUED', 'SCHEDULING', 'RUNNING', 'PAUSING', 'KILLING')
  )::float8 as living`;
/** Users whose counts are remembered. */
const REMEMBERED = 10_000;

/**
 * SQL that lets a job of the owner `$1` in without a count, as the column `is_in` of the query `admitted`: whether its number is
 * below `$2`, which is what {@link JobQuota.bound} says.
 */
export const ADMITTED = `
  beside as materialized (select pg_advisory_xact_lock_shared(${LOCK})),
  admitted as materialized (select nextval('ai_arts.job_admission') < $2::bigint as is_in from beside)`;

/**
 * Keeps users to their quotas of jobs. To count a user's jobs takes the longer the more there are, so it is not done for each.
 * Whatever is let in, in any process, takes a number from one sequence: since a count, no more jobs were let in than numbers
 * were given out, and a count that left room for 500 is good for the next 500 numbers. Whoever counts waits for all that were
 * let in without a count and have not committed.
 */
export class JobQuota {
  readonly #bounds = new Map<string, number>();

  constructor(private readonly kinds: JobKinds) {}

  /** The number from which on this user's jobs of the kind are to be counted again. */
  bound(of: Owned): number {
    return this.#bounds.get(keyOf(of)) ?? 0;
  }

  /** Counts, and lets one in; first in its transaction, as those that are let in without a count may hold what it is about to. @throws JOB_QUOTA_EXCEEDED */
  async require(tx: EntityManager, of: Owned): Promise<void> {
    const { most, setting } = this.kinds.of(of).quota;
    await sql(tx, ALONE, [of.ownerId]);
    const [row] = await sql<{ number: number; living: number }>(tx, COUNTED, [of.ownerId, of.kind]);
    if (row!.living >= most) throw jobQuotaExceeded({ most, setting });
    if (this.#bounds.size >= REMEMBERED) this.#bounds.clear();
    this.#bounds.set(keyOf(of), row!.number + most - row!.living);
  }
}

const keyOf = ({ kind, ownerId }: Owned): string => `${kind} ${ownerId}`;
