import { sql, type House } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { lockOrganizations } from '../computing-resource/organization-lock.js';
import type { Clock } from './clock.js';

const SWEEP_MS = 15_000;
const CHUNK = 5_000;

/** What one chunk of a sweep does: takes stale resources of an organization out of the counts of live ones. */
const SWEEP = `
  with stale as (
    select r.id, r.group_id from compute_registry.computing_resource r
    join compute_registry.resource_group g on g.id = r.group_id
    where r.live and r.reported_at <= $1 and g.organization = $2
    order by r.id limit ${CHUNK}
  ), marked as (
    update compute_registry.computing_resource r set live = false from stale s where r.id = s.id
  ), grouped as (
    update compute_registry.resource_group g set live = g.live - s.resources
    from (select group_id, count(*)::integer as resources from stale group by group_id) s where s.group_id = g.id
  ), totalled as (
    update compute_registry.resource_total set live = live - (select count(*)::integer from stale)
  ) select count(*)::integer as swept from stale`;

/**
 * Knows which resources are fresh. How many are live is kept, not counted: a report adds a resource to the count, and a
 * sweep takes it out some time after it went stale. In between, readers subtract those that are due (`computing_resource_live`
 * finds them), so that every answer is exact whenever the sweep last ran.
 */
export class FreshnessService {
  readonly #house: House;
  readonly #staleMs: number;
  readonly #clock: Clock;
  readonly #timer: NodeJS.Timeout;
  #sweeping: Promise<void> | undefined;

  constructor(house: House, staleSeconds: number, clock: Clock) {
    this.#house = house;
    this.#staleMs = staleSeconds * 1_000;
    this.#clock = clock;
    this.#timer = setInterval(() => {
      this.#sweeping ??= this.sweep()
        .catch((error: unknown) => house.log.warn({ err: error }, 'could not sweep stale resources; will try again'))
        .finally(() => (this.#sweeping = undefined));
    }, SWEEP_MS);
    this.#timer.unref();
  }

  /** A resource is fresh when its last report arrived after this moment. */
  cutoff(): Date {
    return new Date(this.#clock().getTime() - this.#staleMs);
  }

  /** Takes resources that went stale out of the counts; safe beside reports and other sweeps. */
  async sweep(): Promise<void> {
    const em = this.#house.database.em.fork();
    const cutoff = this.cutoff();
    const due = await sql<{ organization: string }>(
      em,
      `select distinct g.organization from compute_registry.computing_resource r
       join compute_registry.resource_group g on g.id = r.group_id where r.live and r.reported_at <= $1`,
      [cutoff],
    );
    for (const { organization } of due) {
      while ((await em.transactional((transaction) => sweepChunk(transaction as EntityManager, organization, cutoff))) === CHUNK);
    }
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#sweeping;
  }
}

async function sweepChunk(transaction: EntityManager, organization: string, cutoff: Date): Promise<number> {
  await lockOrganizations(transaction, [organization]);
  const [row] = await sql<{ swept: number }>(transaction, SWEEP, [cutoff, organization]);
  return row?.swept ?? 0;
}
