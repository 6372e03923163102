import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';

/** Keeps these locks apart from others of the same database. */
const SPACE = 0x68747265;
/** A batch may name thousands of organizations; they share so many locks, as the server's lock table is small. */
const STRIPES = 64;

/**
 * Until the transaction ends, nobody else reports for these organizations. All locks are taken in one order, so that
 * overlapping batches wait for each other and never deadlock.
 */
export async function lockOrganizations(transaction: EntityManager, organizations: readonly string[]): Promise<void> {
  await sql(
    transaction,
    `select pg_advisory_xact_lock(${SPACE}, stripe)
     from (select distinct hashtext(o) & ${STRIPES - 1} as stripe from unnest($1::text[]) o order by 1) s`,
    [organizations],
  );
}

/** Until the transaction ends, nobody reports for this organization; others may hold the same lock. */
export async function holdOffReports(transaction: EntityManager, organization: string): Promise<void> {
  await sql(transaction, `select pg_advisory_xact_lock_shared(${SPACE}, hashtext($1) & ${STRIPES - 1})`, [organization]);
}
