import { badInput, decodeCursor, decodeIdCursor, encodeCursor, isPlace, notFound, pageOf, pageWindow, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { Parameters, type PreparedReads } from '../database/prepared-reads.js';
import type { FreshnessService } from '../freshness/freshness.service.js';
import type { ComputingResource } from './computing-resource.entity.js';
import type { ComputingResourceReport, MatchOrder } from './computing-resource.types.js';
import { allOf, groupConditions } from './resource-conditions.js';
import { countResources } from './resource-counts.js';
import { codesOfFilter, type ResourceFilter } from './resource-filter.js';
import { pageStatement } from './resource-page.js';
import { rankingBy } from './resource-ranking.js';
import { readResources, RESOURCE_COLUMNS } from './resource-rows.js';

const LARGEST_ID = 2_147_483_647;

/** Reads resources: one, several, a list, and what was reported of one before. */
export class ComputingResourceService {
  readonly #reads: PreparedReads;
  readonly #freshness: FreshnessService;
  readonly #dictionary: CodeDictionary;

  constructor(reads: PreparedReads, freshness: FreshnessService, dictionary: CodeDictionary) {
    this.#reads = reads;
    this.#freshness = freshness;
    this.#dictionary = dictionary;
  }

  /** The resources with these ids, in any order; ids of none are left out. */
  async byIds(ids: readonly number[]): Promise<ComputingResource[]> {
    const parameters = new Parameters();
    const text = `select ${RESOURCE_COLUMNS} from compute_registry.computing_resource r join compute_registry.gpu_model m on m.id = r.gpu_model_id where r.id = any(${parameters.add(ids)}::integer[])`;
    return readResources(this.#reads, text, parameters, this.#freshness.cutoff());
  }

  /** A page of resources: in the order of their ids, with cursors that stay where they are, or in a given order, with positions as cursors. */
  async list({ maxPageSize }: RequestScope, given: ResourceFilter, orderBy: readonly MatchOrder[], page: PageArguments): Promise<Connection<ComputingResource>> {
    const window = pageWindow(page, maxPageSize);
    const filter = { codes: codesOfFilter(this.#dictionary, given), gpuModel: given.gpuModel ?? null };
    const cutoff = this.#freshness.cutoff();
    const counts = await countResources(this.#reads, filter, cutoff);
    const totalCount = given.stale == null ? counts.total : given.stale ? counts.total - counts.fresh : counts.fresh;
    const parameters = new Parameters();
    const rowConditions = given.stale == null ? ['true'] : [`r.reported_at ${given.stale ? '<=' : '>'} ${parameters.add(cutoff)}`];
    const isRanked = orderBy.length > 0;
    if (!isRanked && window.after !== null) rowConditions.push(`r.id > ${parameters.add(decodeIdCursor(window.after))}`);
    const ranking = isRanked ? rankingBy(orderBy) : { sql: 'id asc', isIndexed: true };
    const offset = isRanked && window.after !== null ? positionOf(window.after) : window.offset;
    const conditions = groupConditions(filter, parameters);
    const text = pageStatement(
      {
        groups: conditions.length === 0 ? '' : allOf(conditions),
        rows: rowConditions.join(' and '),
        orderBy: ranking.sql,
        isIndexed: ranking.isIndexed,
        limit: window.limit + 1,
        offset,
        expected: totalCount,
        all: counts.total,
      },
      parameters,
    );
    const rows = await readResources(this.#reads, text, parameters, cutoff);
    const result = pageOf({ rows, window, keyOf: ({ id }) => [id], totalCount });
    return isRanked ? withPositions(result, offset) : result;
  }

  /** Reports of a resource, the latest first. */
  async history(resourceId: number, { maxPageSize }: RequestScope, page: PageArguments): Promise<Connection<ComputingResourceReport>> {
    const window = pageWindow(page, maxPageSize);
    const parameters = new Parameters();
    const conditions = [`resource_id = ${parameters.add(resourceId)}`];
    if (window.after !== null) conditions.push(`id < ${parameters.add(historyId(window.after))}::bigint`);
    const rows = await this.#reads.rows<ComputingResourceReport>(
      `select id::text, observed_at as "observedAt", reported_at as "reportedAt", power_consumption as "powerConsumption", cpu_performance as "cpuPerformance",
         cpu_available as "cpuAvailable", gpu_performance as "gpuPerformance", gpu_memory as "gpuMemory", gpu_available as "gpuAvailable",
         network_delay_ms as "networkDelayMs", network_performance as "networkPerformance", network_is_ixp as "networkIsIxp", network_ips as "networkIps",
         network_available as "networkAvailable", network_ips_available as "networkIpsAvailable", network_ports as "networkPorts", price
       from compute_registry.resource_report where ${conditions.join(' and ')} order by resource_report.id desc limit ${parameters.add(window.limit + 1)}`,
      parameters,
    );
    return pageOf({ rows, window, keyOf: ({ id }) => [id], totalCount: () => this.#countHistory(resourceId) });
  }

  async #countHistory(resourceId: number): Promise<number> {
    const parameters = new Parameters();
    const [row] = await this.#reads.rows<{ reports: number }>(
      `select count(*)::integer as reports from compute_registry.resource_report where resource_id = ${parameters.add(resourceId)}`,
      parameters,
    );
    return row!.reports;
  }
}

/** A resource's id as a number; null for text that is the id of none. */
export function resourceIdOf(id: string | number): number | null {
  const number = /^[1-9]\d{0,9}$/.test(String(id)) ? Number(id) : NaN;
  return number <= LARGEST_ID ? number : null;
}

/** The same where a resource must exist. @throws NOT_FOUND */
export function requireResourceId(id: string | number, field: string): number {
  const number = resourceIdOf(id);
  if (number === null) throw notFound({ what: `computing resource ${String(id).slice(0, 40)}`, field });
  return number;
}

function historyId(cursor: string): string {
  const [id] = decodeCursor(cursor, 1);
  if (typeof id !== 'string' || !/^\d{1,18}$/.test(id)) throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  return id;
}

/** In an order that reports change all the time, a cursor is a position; `true` tells it from a cursor of the list by id. */
function positionOf(cursor: string): number {
  const [position, isPosition] = decodeCursor(cursor, 2);
  if (isPosition !== true || !isPlace(position)) {
    throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  }
  return position;
}

function withPositions(page: Connection<ComputingResource>, offset: number): Connection<ComputingResource> {
  const edges = page.edges.map(({ node }, index) => ({ node, cursor: encodeCursor([offset + index + 1, true]) }));
  return { ...page, edges, pageInfo: { ...page.pageInfo, startCursor: edges[0]?.cursor ?? null, endCursor: edges.at(-1)?.cursor ?? null } };
}
