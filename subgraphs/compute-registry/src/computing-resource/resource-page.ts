import type { Parameters } from '../database/prepared-reads.js';
import { RESOURCE_COLUMNS } from './resource-rows.js';

/** Which resources to read, and in which order. */
export interface PagePlan {
  /** Conditions on `resource_group`; empty: every group. */
  groups: string;
  /** Conditions on the resource `r`. */
  rows: string;
  orderBy: string;
  /** Whether an index has this order, so that reading may stop when the page is full. */
  isIndexed: boolean;
  limit: number;
  offset: number;
  /** How many resources pass, as far as it is known, and how many there are. */
  expected: number;
  all: number;
}

/**
 * The statement that reads one page. There are two ways, and the planner cannot know which is the shorter, as it does not
 * see how many pass: to *walk* the order's index and drop what does not pass, or to *gather* all that pass through the
 * index of groups and sort. Walking to a full page passes by `page * all / expected` entries, gathering reads `expected`.
 */
export function pageStatement(plan: PagePlan, parameters: Parameters): string {
  const { groups, rows, orderBy, isIndexed, limit, offset, expected, all } = plan;
  const walked = ((offset + limit) * all) / Math.max(expected, 1);
  const walks = isIndexed && (groups === '' || walked < expected);
  const window = `limit ${parameters.add(limit)} offset ${parameters.add(offset)}`;
  const page = walks ? walk(groups, rows, orderBy) : `select r.id from ${gatherFrom(groups, rows)} order by ${orderBy}`;
  return `
    select ${RESOURCE_COLUMNS} from (${page} ${window}) p
    join compute_registry.computing_resource r using (id) join compute_registry.gpu_model m on m.id = r.gpu_model_id
    order by ${orderBy.replaceAll(/\b(price|gpu_free|cpu_free|network_delay_ms|gpu_performance|cpu_performance|power_consumption|id) /g, 'r.$1 ')}`;
}

/** `is true` keeps the planner from making a join of it, which would not read in the index's order. */
function walk(groups: string, rows: string, orderBy: string): string {
  const chosen = groups === '' ? '' : `and (r.group_id in (select id from compute_registry.resource_group where ${groups})) is true`;
  return `select r.id from compute_registry.computing_resource r where ${rows} ${chosen} order by ${orderBy}`;
}

/** The resources of the groups as a table `r`. The array keeps the planner on the index of groups, whatever it expects of their number. */
export function gatherFrom(groups: string, rows: string): string {
  const chosen = groups === '' ? '' : `r.group_id = any(array(select id from compute_registry.resource_group where ${groups})) and `;
  return `compute_registry.computing_resource r where ${chosen}${rows}`;
}
