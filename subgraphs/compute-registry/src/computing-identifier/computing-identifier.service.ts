import { badInput, decodeIdCursor, pageOf, pageWindow, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { FilterQuery } from '@mikro-orm/postgresql';
import type { CodeDictionary } from '../code-name/code-name.dictionary.js';
import { CodeKind } from '../code-name/code-name.kinds.js';
import { codesOfFilter, type ResourceFilter } from '../computing-resource/resource-filter.js';
import { ComputingIdentifier } from './computing-identifier.entity.js';
import { parseIdentifier } from './identifier.parser.js';
import type { ParsedIdentifier } from './computing-identifier.types.js';

/** Reads what is registered, and explains what an identifier says. */
export class ComputingIdentifierService {
  readonly #dictionary: CodeDictionary;

  constructor(dictionary: CodeDictionary) {
    this.#dictionary = dictionary;
  }

  /** What an identifier says, without storing it. @throws IDENTIFIER_INVALID */
  parse(value: string): ParsedIdentifier {
    const { written: _, ...parts } = parseIdentifier(value, 'value');
    const name = (kind: CodeKind, code: string) => this.#dictionary.name(kind, code);
    return {
      ...parts,
      value,
      city: name(CodeKind.CITY, parts.city),
      industry: name(CodeKind.INDUSTRY, parts.industry),
      organization: name(CodeKind.ORGANIZATION, parts.organization),
      resourceType: name(CodeKind.RESOURCE_TYPE, parts.resourceType),
      region: name(CodeKind.CITY, parts.region),
      availabilityZone: name(CodeKind.AVAILABILITY_ZONE, parts.availabilityZone),
      serviceType: name(CodeKind.SERVICE_TYPE, parts.serviceType),
    };
  }

  /** A page of registered identifiers, in the order of their registration. */
  async list({ em, maxPageSize }: RequestScope, filter: ResourceFilter, page: PageArguments): Promise<Connection<ComputingIdentifier>> {
    const window = pageWindow(page, maxPageSize);
    const where = this.#where(filter);
    const after = window.after === null ? {} : { id: { $gt: decodeIdCursor(window.after) } };
    const rows = await em.find(ComputingIdentifier, { $and: [where, after] }, { orderBy: { id: 'asc' }, limit: window.limit + 1 });
    return pageOf({ rows, window, keyOf: ({ id }) => [id], totalCount: () => em.count(ComputingIdentifier, where) });
  }

  #where(filter: ResourceFilter): FilterQuery<ComputingIdentifier> {
    for (const key of ['gpuModel', 'stale'] as const) {
      if (filter[key] != null) throw badInput({ field: `filter.${key}`, problem: 'identifiers have none; filter computingResources by it' });
    }
    const codes = codesOfFilter(this.#dictionary, filter);
    return Object.fromEntries(Object.entries(codes).map(([name, values]) => [`${name}Code`, { $in: values }]));
  }
}
