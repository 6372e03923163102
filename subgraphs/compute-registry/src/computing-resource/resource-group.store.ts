import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { foldModel } from './resource-conditions.js';

/** Ids of GPU models by name; models nobody reported before are added. */
export async function modelIds(transaction: EntityManager, names: readonly string[]): Promise<Map<string, number>> {
  const distinct = [...new Set(names)].toSorted();
  const find = () => sql<{ id: number; name: string }>(transaction, 'select id, name from compute_registry.gpu_model where name = any($1::text[])', [distinct]);
  const known = await find();
  if (known.length === distinct.length) return byName(known);
  await sql(
    transaction,
    `insert into compute_registry.gpu_model (name, folded)
     select * from unnest($1::text[], $2::text[]) as g (name, folded)
     where not exists (select from compute_registry.gpu_model m where m.name = g.name)
     order by name on conflict (name) do nothing`,
    [distinct, distinct.map(foldModel)],
  );
  return byName(await find());
}

const byName = (rows: { id: number; name: string }[]): Map<string, number> => new Map(rows.map(({ id, name }) => [name, id]));

const CODES = 'organization, region, availability_zone, industry, resource_type, service_type';

/** Resources of an identifier with a model. */
export interface GroupKey {
  identifierId: number;
  gpuModelId: number;
}

/** Group ids in the order of the keys; new groups are added, and the zones they are the first of. Runs under the organizations' locks. */
export async function groupIds(transaction: EntityManager, keys: readonly GroupKey[]): Promise<number[]> {
  const parameters = [keys.map(({ identifierId }) => identifierId), keys.map(({ gpuModelId }) => gpuModelId)];
  const find = () => sql<{ id: number | null }>(transaction, FIND_GROUPS, parameters);
  const found = await find();
  if (found.every(({ id }) => id !== null)) return found.map(({ id }) => id!);
  await sql(transaction, ADD_GROUPS, parameters);
  return (await find()).map(({ id }) => id!);
}

const FIND_GROUPS = `
  select g.id from unnest($1::integer[], $2::integer[]) with ordinality as k (identifier_id, gpu_model_id, place)
  join compute_registry.computing_identifier i on i.id = k.identifier_id
  left join compute_registry.resource_group g using (${CODES}, gpu_model_id)
  order by k.place`;

/** Counts of zones are kept for every combination that the zone list can be filtered by; an empty code stands for any. */
const ADD_GROUPS = `
  with added as (
    insert into compute_registry.resource_group (${CODES}, gpu_model_id)
    select distinct ${CODES}, k.gpu_model_id
    from unnest($1::integer[], $2::integer[]) as k (identifier_id, gpu_model_id)
    join compute_registry.computing_identifier i on i.id = k.identifier_id
    where not exists (select from compute_registry.resource_group g where (g.organization, g.region, g.availability_zone, g.industry, g.resource_type, g.service_type, g.gpu_model_id)
      = (i.organization, i.region, i.availability_zone, i.industry, i.resource_type, i.service_type, k.gpu_model_id))
    returning resource_type, organization, region, availability_zone, industry
  ), zone as (
    insert into compute_registry.availability_zone (resource_type, organization, region, availability_zone, industry)
    select distinct t, organization, region, availability_zone, industry from added, unnest(array['', resource_type]) t
    on conflict do nothing
    returning resource_type, organization, region
  )
  insert into compute_registry.availability_zone_count as c (resource_type, organization, region, zones)
  select resource_type, o, r, count(*) from zone, unnest(array['', organization]) o, unnest(array['', region]) r
  group by 1, 2, 3 order by 1, 2, 3
  on conflict (resource_type, organization, region) do update set zones = c.zones + excluded.zones`;
