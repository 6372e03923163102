import { badInput, limitExceeded, type RequestScope } from '@hutong/common';
import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { allOf, groupConditions, type GroupFilter } from '../computing-resource/resource-conditions.js';
import { countResources } from '../computing-resource/resource-counts.js';
import { codesOfFilter } from '../computing-resource/resource-filter.js';
import { gatherFrom, pageStatement } from '../computing-resource/resource-page.js';
import { rankingBy } from '../computing-resource/resource-ranking.js';
import { readResources } from '../computing-resource/resource-rows.js';
import type { ComputingResource } from '../computing-resource/computing-resource.entity.js';
import { Parameters, type PreparedReads } from '../database/prepared-reads.js';
import type { FreshnessService } from '../freshness/freshness.service.js';
import { MatchExplainer } from './explanation.js';
import type { ResourceMatch } from './matching.types.js';
import { measureConditions, measuresOf, type Requirements } from './requirements.js';

const DEFAULT_FIRST = 100;

/** Finds the resources that meet requirements, best first. Only fresh ones, with what reservations hold taken off. */
export class MatchingService {
  readonly #reads: PreparedReads;
  readonly #freshness: FreshnessService;
  readonly #dictionary: CodeDictionary;

  constructor(reads: PreparedReads, freshness: FreshnessService, dictionary: CodeDictionary) {
    this.#reads = reads;
    this.#freshness = freshness;
    this.#dictionary = dictionary;
  }

  /**
   * Counts all that match and reads the best. Requirements by code or model alone are counted from what is kept; only
   * measured ones need a count of the resources they leave, which the covering indexes answer.
   */
  async match({ maxPageSize }: Pick<RequestScope, 'maxPageSize'>, requirements: Requirements, first: number | null, explain: boolean): Promise<ResourceMatch> {
    const limit = requireFirst(first ?? Math.min(DEFAULT_FIRST, maxPageSize), maxPageSize);
    const filter = { codes: codesOfFilter(this.#dictionary, requirements, 'requirements'), gpuModel: requirements.gpuModel ?? null };
    const cutoff = this.#freshness.cutoff();
    const counts = await countResources(this.#reads, filter, cutoff);
    const totalCount = measuresOf(requirements).length === 0 || counts.fresh === 0 ? counts.fresh : await this.#count(filter, requirements, cutoff);
    const resources = totalCount === 0 || limit === 0 ? [] : await this.#best({ filter, requirements, cutoff, limit, totalCount });
    if (!explain) return { totalCount, resources, explanation: [], alternatives: [] };
    const explainer = new MatchExplainer(this.#reads, this.#dictionary, requirements, filter, cutoff);
    const explanation = await explainer.effects();
    return { totalCount, resources, explanation, alternatives: totalCount > 0 ? [] : await explainer.alternatives(explanation) };
  }

  async #count(filter: GroupFilter, requirements: Requirements, cutoff: Date): Promise<number> {
    const { parameters, groups, rows } = conditionsOf(filter, requirements, cutoff);
    const [row] = await this.#reads.rows<{ matching: number }>(`select count(*)::integer as matching from ${gatherFrom(groups, rows)}`, parameters);
    return row!.matching;
  }

  async #best({ filter, requirements, cutoff, limit, totalCount }: { filter: GroupFilter; requirements: Requirements; cutoff: Date; limit: number; totalCount: number }): Promise<ComputingResource[]> {
    const { parameters, groups, rows } = conditionsOf(filter, requirements, cutoff);
    const ranking = rankingBy(requirements.orderBy ?? []);
    const all = await countResources(this.#reads, { codes: {} }, cutoff);
    const text = pageStatement({ groups, rows, orderBy: ranking.sql, isIndexed: ranking.isIndexed, limit, offset: 0, expected: totalCount, all: all.total }, parameters);
    return readResources(this.#reads, text, parameters, cutoff);
  }
}

function requireFirst(first: number, maxPageSize: number): number {
  if (first < 0) throw badInput({ field: 'first', problem: `expected an integer ≥ 0, got ${first}` });
  if (first > maxPageSize) throw limitExceeded({ field: 'first', limit: 'page size', allowed: `${maxPageSize} rows`, got: String(first) });
  return first;
}

function conditionsOf(filter: GroupFilter, requirements: Requirements, cutoff: Date): { parameters: Parameters; groups: string; rows: string } {
  const parameters = new Parameters();
  const conditions = groupConditions(filter, parameters);
  const fresh = `r.reported_at > ${parameters.add(cutoff)}`;
  const rows = [fresh, ...measureConditions(requirements, parameters).map(({ sql }) => sql)].join(' and ');
  return { parameters, groups: conditions.length === 0 ? '' : allOf(conditions), rows };
}
