import { Parameters, type PreparedReads } from '../database/prepared-reads.js';
import { allOf, groupConditions, type GroupFilter } from './resource-conditions.js';

/** How many resources a filter by codes and model leaves, from the counts that are kept. */
export interface ResourceCounts {
  /** Ever reported. */
  total: number;
  fresh: number;
}

/**
 * Counts without reading a resource: sums over groups, less those that went stale since the last sweep.
 */
export async function countResources(reads: PreparedReads, filter: GroupFilter, cutoff: Date): Promise<ResourceCounts> {
  const parameters = new Parameters();
  const before = parameters.add(cutoff);
  const conditions = groupConditions(filter, parameters);
  const groups = allOf(conditions);
  const [kept, due] =
    conditions.length === 0
      ? ['compute_registry.resource_total', '']
      : [`(select coalesce(sum(live), 0)::integer as live, coalesce(sum(total), 0)::integer as total from compute_registry.resource_group where ${groups}) s`,
        `and exists (select from compute_registry.resource_group g where g.id = r.group_id and ${groups})`];
  const [row] = await reads.rows<ResourceCounts>(
    `select total, live - (select count(*)::integer from compute_registry.computing_resource r where r.live and r.reported_at <= ${before} ${due}) as fresh from ${kept}`,
    parameters,
  );
  return row!;
}
