import { badInput, notFound, sql, textFault, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { requireResourceId } from '../computing-resource/computing-resource.service.js';
import { holdOffReports } from '../computing-resource/organization-lock.js';
import { noCapacity, reservationKeyTaken, reservationReleased, resourceStale } from '../errors.js';
import type { Clock } from '../freshness/clock.js';
import type { FreshnessService } from '../freshness/freshness.service.js';
import { countsAgainst } from './reservation-condition.js';
import type { Reservation, ReserveInput } from './reservation.types.js';

interface ReservationRow {
  resourceId: number | null;
  cpu: number;
  gpu: number;
  reservedAt: Date | string;
  isReleased: boolean;
}

interface Capacity {
  reportedAt: Date | string;
  cpuAvailable: number;
  gpuAvailable: number;
  cpuReserved: number;
  gpuReserved: number;
}

const LONGEST_KEY = 200;

/**
 * Holds capacity for tasks. What is free is the last report less the reservations that the report cannot know of: those
 * not released whose allocation is still under way, or came about since the report was measured. A resource's row is
 * locked while that is decided, so of any number of users who want the last GPU at once exactly one gets it.
 */
export class ReservationService {
  readonly #freshness: FreshnessService;
  readonly #clock: Clock;

  constructor(freshness: FreshnessService, clock: Clock) {
    this.#freshness = freshness;
    this.#clock = clock;
  }

  /**
   * Reserves; the same key with the same amounts again answers the same and takes nothing.
   *
   * @throws NOT_FOUND, RESOURCE_STALE, NO_CAPACITY, RESERVATION_RELEASED, RESERVATION_KEY_TAKEN, BAD_INPUT
   */
  async reserve({ em }: RequestScope, { resourceId, cpu, gpu, key }: ReserveInput): Promise<Reservation> {
    requireAmount('input.cpu', cpu);
    requireAmount('input.gpu', gpu);
    requireKey('input.key', key);
    const id = requireResourceId(resourceId, 'input.resourceId');
    const organization = await organizationOf(em, id);
    return em.transactional(async (transaction) => {
      await holdOffReports(transaction, organization);
      await lock(transaction, id);
      const reservedAt = this.#clock();
      const [added] = await sql(
        transaction,
        `insert into compute_registry.reservation (key, resource_id, cpu, gpu, reserved_at) values ($1, $2, $3, $4, $5) on conflict (key) do nothing returning 1`,
        [key, id, cpu, gpu, reservedAt],
      );
      if (!added) return known(transaction, { key, resourceId: id, cpu, gpu });
      await this.#requireFree(transaction, id, cpu, gpu, key);
      await settle(transaction, id);
      return { key, resourceId: id, cpu, gpu, reservedAt };
    });
  }

  /**
   * Says that the provider has allocated what is reserved, so that reports measured from now on know of it. May be repeated.
   *
   * @throws NOT_FOUND for a key that reserved nothing, RESERVATION_RELEASED, BAD_INPUT
   */
  async confirm({ em }: RequestScope, key: string): Promise<boolean> {
    requireKey('key', key);
    const known = await find(em, key);
    if (!known) throw notFound({ what: `reservation ${key}`, field: 'key' });
    const { resourceId } = known;
    if (resourceId === null) throw reservationReleased({ key });
    const organization = await organizationOf(em, resourceId);
    return em.transactional(async (transaction) => {
      await holdOffReports(transaction, organization);
      await lock(transaction, resourceId);
      const [row] = await sql(
        transaction,
        'update compute_registry.reservation set allocated_at = coalesce(allocated_at, $2) where key = $1 and released_at is null returning 1',
        [key, this.#clock()],
      );
      if (!row) throw reservationReleased({ key });
      return true;
    });
  }

  /**
   * Gives a reservation back. May be repeated. A key that was never reserved is remembered as released, so that a
   * reservation that arrives after its release takes nothing.
   */
  async release({ em }: RequestScope, key: string): Promise<boolean> {
    requireKey('key', key);
    return em.transactional(async (transaction) => {
      const now = this.#clock();
      // A reserve of the same key that is under way is waited for here; a later one finds the key released.
      await sql(
        transaction,
        `insert into compute_registry.reservation (key, resource_id, cpu, gpu, reserved_at, released_at) values ($1, null, 0, 0, $2, $2) on conflict (key) do nothing`,
        [key, now],
      );
      const reservation = await find(transaction, key);
      if (!reservation || reservation.isReleased || reservation.resourceId === null) return true;
      await holdOffReports(transaction, await organizationOf(transaction, reservation.resourceId));
      await lock(transaction, reservation.resourceId);
      await sql(transaction, 'update compute_registry.reservation set released_at = $2 where key = $1 and released_at is null', [key, now]);
      await settle(transaction, reservation.resourceId);
      return true;
    });
  }

  async #requireFree(transaction: EntityManager, id: number, cpu: number, gpu: number, key: string): Promise<void> {
    const [capacity] = await sql<Capacity>(
      transaction,
      `select r.reported_at as "reportedAt", r.cpu_available as "cpuAvailable", r.gpu_available as "gpuAvailable",
         coalesce(sum(v.cpu), 0)::double precision as "cpuReserved", coalesce(sum(v.gpu), 0)::double precision as "gpuReserved"
       from compute_registry.computing_resource r
       left join compute_registry.reservation v on v.resource_id = r.id and ${countsAgainst('r.observed_at')} and v.key <> $2
       where r.id = $1 group by r.id`,
      [id, key],
    );
    const { reportedAt, cpuAvailable, gpuAvailable, cpuReserved, gpuReserved } = capacity!;
    if (new Date(reportedAt).getTime() <= this.#freshness.cutoff().getTime()) throw resourceStale({ id: String(id) });
    const [freeCpu, freeGpu] = [Math.max(cpuAvailable - cpuReserved, 0), Math.max(gpuAvailable - gpuReserved, 0)];
    if (cpu > freeCpu || gpu > freeGpu) throw noCapacity({ id: String(id), asked: `${cpu} CPUs, ${gpu} GPUs`, free: `${freeCpu} CPUs, ${freeGpu} GPUs` });
  }
}

function requireAmount(field: string, amount: number): void {
  if (amount < 0) throw badInput({ field, problem: `expected an integer ≥ 0, got ${amount}` });
}

function requireKey(field: string, key: string): void {
  const problem = key === '' ? 'expected a key, got an empty text' : textFault(key, LONGEST_KEY);
  if (problem !== undefined) throw badInput({ field, problem });
}

async function organizationOf(em: EntityManager, id: number): Promise<string> {
  const [row] = await sql<{ organization: string }>(
    em,
    'select g.organization from compute_registry.computing_resource r join compute_registry.resource_group g on g.id = r.group_id where r.id = $1',
    [id],
  );
  if (!row) throw notFound({ what: `computing resource ${id}` });
  return row.organization;
}

/** Taken before the reservation's row, whose foreign key would lock the resource too weakly to be made stronger by two at once. */
async function lock(transaction: EntityManager, id: number): Promise<void> {
  await sql(transaction, 'select 1 from compute_registry.computing_resource where id = $1 for no key update', [id]);
}

/** Writes what reservations hold of a locked resource beside its state, where matching reads it. */
async function settle(transaction: EntityManager, id: number): Promise<void> {
  await sql(
    transaction,
    `update compute_registry.computing_resource r set cpu_reserved = held.cpu, gpu_reserved = held.gpu
     from (select least(coalesce(sum(v.cpu), 0), 2147483647) as cpu, least(coalesce(sum(v.gpu), 0), 2147483647) as gpu
           from compute_registry.reservation v join compute_registry.computing_resource c on c.id = v.resource_id
           where v.resource_id = $1 and ${countsAgainst('c.observed_at')}) held
     where r.id = $1`,
    [id],
  );
}

async function find(transaction: EntityManager, key: string): Promise<ReservationRow | undefined> {
  const [row] = await sql<ReservationRow>(
    transaction,
    `select resource_id as "resourceId", cpu, gpu, reserved_at as "reservedAt", released_at is not null as "isReleased" from compute_registry.reservation where key = $1`,
    [key],
  );
  return row;
}

/** What a key that was used before stands for. */
async function known(transaction: EntityManager, asked: Omit<Reservation, 'reservedAt'>): Promise<Reservation> {
  const row = await find(transaction, asked.key);
  if (!row || row.isReleased) throw reservationReleased({ key: asked.key });
  if (row.resourceId !== asked.resourceId || row.cpu !== asked.cpu || row.gpu !== asked.gpu) throw reservationKeyTaken({ key: asked.key });
  return { ...asked, reservedAt: new Date(row.reservedAt) };
}
