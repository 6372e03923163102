import { countsAgainst } from '../reservation/reservation-condition.js';

/** The columns that a report, the state and the history share, with their types; the first two are handled apart. */
const SHARED = {
  network_delay_ms: 'double precision',
  power_consumption: 'integer',
  cpu_performance: 'integer',
  cpu_available: 'integer',
  gpu_performance: 'integer',
  gpu_memory: 'integer',
  gpu_available: 'integer',
  network_performance: 'integer',
  price: 'integer',
  network_is_ixp: 'boolean',
  network_ips: 'text',
  network_available: 'text',
  network_ips_available: 'text',
  network_ports: 'text',
};

const shared = Object.keys(SHARED).join(', ');
const arrays = (first: number): string => ['timestamptz', ...Object.values(SHARED)].map((type, index) => `$${first + index}::${type}[]`).join(', ');
const replaced = ['observed_at', 'reported_at', 'live', ...Object.keys(SHARED), 'cpu_reserved', 'gpu_reserved'].map((column) => `${column} = excluded.${column}`).join(', ');

/**
 * Stores a batch: states, history, and what is counted. Parameters: the time it is, the time assumed for reports that
 * say none, then arrays: identifier, model, group, address key, and those of `reportArrays`.
 *
 * Ids are looked up first and taken from the sequence only for new resources: an `insert … on conflict` on the key
 * would burn one of the 2^31 ids for every report. A known resource keeps its state when the report says that it was
 * measured earlier than that state. Runs under its organizations' locks, so nothing changes between look-up and write.
 */
export const STORE_REPORTS = `
  with known as materialized (
    select i.*,
      coalesce(r.id, nextval('compute_registry.computing_resource_id_seq'))::integer as id,
      r.id is null as is_new,
      coalesce(r.live, false) as was_live,
      coalesce(i.given_at < r.observed_at, false) as is_late,
      coalesce(i.given_at, $2::timestamptz) as measured_at,
      greatest(coalesce(i.given_at, $2::timestamptz), r.observed_at) as observed_at,
      coalesce(held.cpu, 0)::integer as cpu_reserved,
      coalesce(held.gpu, 0)::integer as gpu_reserved
    from unnest($3::integer[], $4::integer[], $5::integer[], $6::uuid[], ${arrays(7)}) with ordinality
      as i (identifier_id, gpu_model_id, group_id, address_key, given_at, ${shared}, place)
    left join lateral (
      select id, live, observed_at, cpu_reserved, gpu_reserved from compute_registry.computing_resource r
      where r.identifier_id = i.identifier_id and r.gpu_model_id = i.gpu_model_id and r.address_key = i.address_key
      limit 1
    ) r on true
    left join lateral (
      select least(coalesce(sum(v.cpu), 0), 2147483647) as cpu, least(coalesce(sum(v.gpu), 0), 2147483647) as gpu from compute_registry.reservation v
      where (r.cpu_reserved > 0 or r.gpu_reserved > 0) and v.resource_id = r.id
        and ${countsAgainst('greatest(coalesce(i.given_at, $2::timestamptz), r.observed_at)')}
    ) held on true
  ), stored as (
    insert into compute_registry.computing_resource
      (id, identifier_id, group_id, gpu_model_id, address_key, observed_at, reported_at, live, ${shared}, cpu_reserved, gpu_reserved)
    select id, identifier_id, group_id, gpu_model_id, address_key, observed_at, $1::timestamptz, true, ${shared}, cpu_reserved, gpu_reserved
    from known where not is_late
    on conflict (id) do update set ${replaced}
  ), history as (
    insert into compute_registry.resource_report (resource_id, observed_at, reported_at, ${shared})
    select id, measured_at, $1::timestamptz, ${shared} from known
  ), appeared as (
    select group_id, count(*)::integer as live, (count(*) filter (where is_new))::integer as total
    from known where not was_live and not is_late group by group_id
  ), grouped as (
    update compute_registry.resource_group g set live = g.live + a.live, total = g.total + a.total
    from appeared a where a.group_id = g.id
  ), totalled as (
    update compute_registry.resource_total set live = live + (select sum(a.live) from appeared a), total = total + (select sum(a.total) from appeared a)
    where exists (select from appeared)
  )
  select string_agg(id::text, ',' order by place) as ids,
    (count(*) filter (where is_new))::integer as created,
    array_agg(id) filter (where is_late) as late
  from known`;

/** Takes history ids before those of {@link STORE_REPORTS}, for reports that a later one of the same batch outdates. */
export const TAKE_HISTORY_IDS = `
  select string_agg(nextval('compute_registry.resource_report_id_seq')::text, ',') as ids from generate_series(1, $1::integer)`;

/** Adds outdated reports of a batch to the history. Parameters: time, assumed time, arrays of ids and resources, then `reportArrays`. */
export const STORE_EARLIER_REPORTS = `
  insert into compute_registry.resource_report (id, resource_id, observed_at, reported_at, ${shared})
  select id, resource_id, coalesce(given_at, $2::timestamptz), $1::timestamptz, ${shared}
  from unnest($3::bigint[], $4::integer[], ${arrays(5)}) as i (id, resource_id, given_at, ${shared})`;
