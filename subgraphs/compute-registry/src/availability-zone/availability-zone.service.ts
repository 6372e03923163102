import { badInput, decodeCursor, pageOf, pageWindow, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { CodeKind } from '../code-name/code-name.kinds.js';
import { groupConditions } from '../computing-resource/resource-conditions.js';
import { codesOfFilter, type CodeFilter, type ResourceFilter } from '../computing-resource/resource-filter.js';
import { Parameters, type PreparedReads } from '../database/prepared-reads.js';
import type { AvailabilityZone } from './availability-zone.types.js';

interface ZoneRow {
  organization: string;
  region: string;
  availability_zone: string;
  industry: string;
}

const KEY = 'organization, region, availability_zone, industry';

/**
 * Lists zones from a summary that is kept as resources appear: however many resources there are, a page reads a page of
 * an index and one count.
 */
export class AvailabilityZoneService {
  readonly #reads: PreparedReads;
  readonly #dictionary: CodeDictionary;

  constructor(reads: PreparedReads, dictionary: CodeDictionary) {
    this.#reads = reads;
    this.#dictionary = dictionary;
  }

  /** A page of zones in the order of organization, region, zone and industry codes. */
  async list({ maxPageSize }: RequestScope, filter: ResourceFilter, page: PageArguments): Promise<Connection<AvailabilityZone>> {
    if (filter.stale != null) throw badInput({ field: 'filter.stale', problem: 'zones have none, a zone stays listed when its resources go stale' });
    const window = pageWindow(page, maxPageSize);
    const codes = codesOfFilter(this.#dictionary, filter);
    const after = window.after === null ? null : zoneKey(window.after);
    const isSummarized = codes.industry === undefined && codes.availabilityZone === undefined && filter.gpuModel == null;
    const rows = await (isSummarized
      ? this.#summarized(codes, after, window.limit + 1, window.offset)
      : this.#fromGroups(codes, filter.gpuModel ?? null, after, window.limit + 1, window.offset));
    return pageOf({
      rows: rows.map((row) => this.#named(row)),
      window,
      keyOf: (zone) => [zone.organization.code, zone.region.code, zone.availabilityZone.code, zone.industry.code],
      totalCount: () => (isSummarized ? this.#countSummarized(codes) : this.#countGroups(codes, filter.gpuModel ?? null)),
    });
  }

  /** One ordered index range for each type and region asked for, merged: never more than a page is read of any. */
  #summarized({ resourceType, region, organization }: CodeFilter, after: readonly string[] | null, limit: number, offset: number): Promise<ZoneRow[]> {
    const parameters = new Parameters();
    const [most, skipped, upTo] = [parameters.add(limit), parameters.add(offset), parameters.add(limit + offset)];
    const shared = [
      ...(organization ? [`organization = any(${parameters.add(organization)}::text[])`] : []),
      ...(after ? [`(${KEY}) > (${after.map((code) => parameters.add(code)).join(', ')})`] : []),
    ];
    const ranges = (resourceType ?? ['']).flatMap((type) =>
      (region ?? [null]).map((code) => {
        const conditions = [`resource_type = ${parameters.add(type)}`, ...(code === null ? [] : [`region = ${parameters.add(code)}`]), ...shared];
        return `(select ${KEY} from compute_registry.availability_zone where ${conditions.join(' and ')} order by ${KEY} limit ${upTo})`;
      }),
    );
    return this.#reads.rows<ZoneRow>(`select distinct ${KEY} from (${ranges.join(' union all ')}) z order by ${KEY} limit ${most} offset ${skipped}`, parameters);
  }

  async #countSummarized({ resourceType, region, organization }: CodeFilter): Promise<number> {
    const parameters = new Parameters();
    if (resourceType !== undefined && resourceType.length > 1) return this.#countGroups({ resourceType, ...(region && { region }), ...(organization && { organization }) }, null);
    const [type, regions, organizations] = [resourceType ?? [''], region ?? [''], organization ?? ['']].map((codes) => `any(${parameters.add(codes)}::text[])`);
    const [row] = await this.#reads.rows<{ zones: number }>(
      `select coalesce(sum(zones), 0)::integer as zones from compute_registry.availability_zone_count
       where resource_type = ${type} and organization = ${organizations} and region = ${regions}`,
      parameters,
    );
    return row!.zones;
  }

  #fromGroups(codes: CodeFilter, gpuModel: string | null, after: readonly string[] | null, limit: number, offset: number): Promise<ZoneRow[]> {
    const parameters = new Parameters();
    const conditions = groupConditions({ codes, gpuModel }, parameters).map(({ sql }) => sql);
    if (after) conditions.push(`(${KEY}) > (${after.map((code) => parameters.add(code)).join(', ')})`);
    return this.#reads.rows<ZoneRow>(
      `select distinct ${KEY} from compute_registry.resource_group where ${conditions.join(' and ')} order by ${KEY} limit ${parameters.add(limit)} offset ${parameters.add(offset)}`,
      parameters,
    );
  }

  async #countGroups(codes: CodeFilter, gpuModel: string | null): Promise<number> {
    const parameters = new Parameters();
    const conditions = groupConditions({ codes, gpuModel }, parameters).map(({ sql }) => sql);
    const [row] = await this.#reads.rows<{ zones: number }>(
      `select count(*)::integer as zones from (select distinct ${KEY} from compute_registry.resource_group where ${conditions.join(' and ')}) z`,
      parameters,
    );
    return row!.zones;
  }

  #named({ organization, region, availability_zone, industry }: ZoneRow): AvailabilityZone {
    return {
      organization: this.#dictionary.name(CodeKind.ORGANIZATION, organization),
      region: this.#dictionary.name(CodeKind.CITY, region),
      availabilityZone: this.#dictionary.name(CodeKind.AVAILABILITY_ZONE, availability_zone),
      industry: this.#dictionary.name(CodeKind.INDUSTRY, industry),
    };
  }
}

function zoneKey(cursor: string): string[] {
  const key = decodeCursor(cursor, KEY.split(', ').length);
  if (!key.every((code): code is string => typeof code === 'string' && /^\w{1,16}$/.test(code))) {
    throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  }
  return [...key] as string[];
}
