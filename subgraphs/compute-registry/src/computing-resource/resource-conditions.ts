import type { Parameters } from '../database/prepared-reads.js';
import type { CodeFilter } from './resource-filter.js';

/** What picks groups of resources: codes and part of a model. */
export interface GroupFilter {
  codes: CodeFilter;
  gpuModel?: string | null;
}

/** Models are compared without regard to case. */
export const foldModel = (model: string): string => model.toLowerCase();

const COLUMNS: Record<keyof CodeFilter, string> = {
  resourceType: 'resource_type',
  serviceType: 'service_type',
  region: 'region',
  organization: 'organization',
  industry: 'industry',
  availabilityZone: 'availability_zone',
};

/** One condition on `resource_group`, with the requirement it comes from. */
export interface Condition {
  requirement: string;
  sql: string;
}

/** The conditions on `resource_group` that a filter means. */
export function groupConditions({ codes, gpuModel }: GroupFilter, parameters: Parameters): Condition[] {
  const conditions: Condition[] = [];
  for (const [name, values] of Object.entries(codes) as [keyof CodeFilter, string[]][]) {
    conditions.push({ requirement: name, sql: `${COLUMNS[name]} = any(${parameters.add(values)}::text[])` });
  }
  if (gpuModel != null) {
    const pattern = `%${foldModel(gpuModel).replaceAll(/[\\%_]/g, '\\$&')}%`;
    conditions.push({ requirement: 'gpuModel', sql: `gpu_model_id = any(array(select m.id from compute_registry.gpu_model m where m.folded like ${parameters.add(pattern)}))` });
  }
  return conditions;
}

export const allOf = (conditions: readonly Condition[]): string => (conditions.length === 0 ? 'true' : conditions.map(({ sql }) => sql).join(' and '));
