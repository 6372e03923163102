import { isAdmin, sql, type Caller, type Origin } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { MachineRecord } from './machine.rules.js';
import { Machine, type MachineStatus } from './machine.types.js';

const COLUMNS = `machine.id, name, cpus, status, memory_bytes::float8 as "memoryBytes", gpu, ip, max_disk_bytes::float8 as "maxDiskBytes", attributes`;

/** Who looks at machines: everybody sees what is granted to them, an admin or a peer everything. */
export interface Viewer {
  caller: Caller;
  origin: Origin;
}

/** What a filter asks for, checked. */
export interface MachineConditions {
  ids?: readonly number[];
  status?: MachineStatus | null | undefined;
  gpu?: string | null | undefined;
  name?: string | null | undefined;
  ip?: string | null | undefined;
}

/** Where a page of machines begins, and how long it is. */
export interface MachineRange {
  afterId: number | null;
  offset: number;
  limit: number;
}

/** Machines that the viewer may see, by id. One statement. */
export async function selectMachines(em: EntityManager, viewer: Viewer, conditions: MachineConditions, range: MachineRange): Promise<Machine[]> {
  const where = new Where(viewer, conditions);
  if (range.afterId !== null) where.and((n) => `machine.id > $${n}`, range.afterId);
  const limit = where.parameter(range.limit);
  const offset = where.parameter(range.offset);
  const rows = await sql<Machine>(em, `select ${COLUMNS} from machines.machine where ${where.text} order by machine.id limit $${limit} offset $${offset}`, where.parameters);
  return rows.map(asMachine);
}

/** How many machines the viewer may see. */
export async function countMachines(em: EntityManager, viewer: Viewer, conditions: MachineConditions): Promise<number> {
  const where = new Where(viewer, conditions);
  const [row] = await sql<{ count: number }>(em, `select count(*)::integer as count from machines.machine where ${where.text}`, where.parameters);
  return row!.count;
}

/**
 * Adds or replaces machines in one statement, in the order of their ids, so that two calls never wait for each other.
 * @param everyone whether machines that are new are granted to everyone
 * @returns those that are new or differ from what was stored
 */
export async function upsertMachines(em: EntityManager, machines: readonly MachineRecord[], everyone: boolean): Promise<{ id: number; status: MachineStatus }[]> {
  const sorted = machines.toSorted((a, b) => a.id - b.id);
  const column = (of: (machine: MachineRecord) => unknown) => sorted.map(of);
  return sql(
    em,
    `insert into machines.machine as stored (id, name, cpus, status, memory_bytes, gpu, ip, max_disk_bytes, attributes, granted_to_everyone)
     select id, name, cpus, status, memory_bytes, gpu, ip, max_disk_bytes, attributes::json, $10
     from unnest($1::integer[], $2::text[], $3::integer[], $4::text[], $5::bigint[], $6::text[], $7::text[], $8::bigint[], $9::text[])
       as sent (id, name, cpus, status, memory_bytes, gpu, ip, max_disk_bytes, attributes)
     order by id
     on conflict (id) do update set name = excluded.name, cpus = excluded.cpus, status = excluded.status, memory_bytes = excluded.memory_bytes,
       gpu = excluded.gpu, ip = excluded.ip, max_disk_bytes = excluded.max_disk_bytes, attributes = excluded.attributes
     where (stored.name, stored.cpus, stored.status, stored.memory_bytes, stored.gpu, stored.ip, stored.max_disk_bytes, stored.attributes::text)
       is distinct from (excluded.name, excluded.cpus, excluded.status, excluded.memory_bytes, excluded.gpu, excluded.ip, excluded.max_disk_bytes, excluded.attributes::text)
     returning id, status`,
    [
      column(({ id }) => id),
      column(({ name }) => name),
      column(({ cpus }) => cpus),
      column(({ status }) => status),
      column(({ memoryBytes }) => memoryBytes),
      column(({ gpu }) => gpu),
      column(({ ip }) => ip),
      column(({ maxDiskBytes }) => maxDiskBytes),
      column(({ attributes }) => JSON.stringify(attributes)),
      everyone,
    ],
  );
}

/** Conditions as SQL with numbered parameters. */
class Where {
  readonly parameters: unknown[] = [];
  readonly #terms: string[] = [];

  constructor({ caller, origin }: Viewer, { ids, status, gpu, name, ip }: MachineConditions) {
    if (origin !== 'peer' && !isAdmin(caller)) {
      this.and((n) => `(granted_to_everyone or exists (select 1 from machines.machine_grant where machine_id = machine.id and user_id = $${n}))`, caller.userId);
    }
    if (ids) this.and((n) => `machine.id = any($${n}::integer[])`, ids);
    if (status != null) this.and((n) => `status = $${n}`, status);
    if (gpu != null) this.and((n) => `strpos(lower(gpu), lower($${n})) > 0`, gpu);
    if (name != null) this.and((n) => `strpos(lower(name), lower($${n})) > 0`, name);
    if (ip != null) this.and((n) => `ip = $${n}`, ip);
  }

  get text(): string {
    return this.#terms.join(' and ') || 'true';
  }

  /** Adds a parameter and answers its number. */
  parameter(value: unknown): number {
    return this.parameters.push(value);
  }

  and(term: (number: number) => string, value: unknown): void {
    this.#terms.push(term(this.parameter(value)));
  }
}

const asMachine = (row: Machine): Machine => Object.assign(new Machine(), row);
