import { badInput, forbidden, isAdmin, limitExceeded, sql, type RequestScope } from '@hutong/common';
import { identifierInvalid, type IdentifierFailure } from '../errors.js';
import { describeFault, tryParseIdentifier, type ParsedParts } from './identifier.parser.js';
import type { RegisterComputingIdentifiersPayload } from './computing-identifier.types.js';

const LARGEST_BATCH = 10_000;
const LISTED_FAILURES = 20;

const REGISTER = `
  with given as (
    select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[],
                         $9::numeric[], $10::integer[], $11::integer[], $12::integer[])
      as g (value, city, industry, organization, resource_type, region, availability_zone, service_type, compute_total, storage_total, network_total, power)
  ), registered as (
    insert into compute_registry.computing_identifier
      (value, city, industry, organization, resource_type, region, availability_zone, service_type, compute_total, storage_total, network_total, power)
    select g.* from given g
    where not exists (select from compute_registry.computing_identifier k where k.value = g.value)
    order by g.value
    on conflict (value) do nothing
    returning 1
  ) select count(*)::integer as registered from registered`;

/** Registers computing identifiers, a batch whole or not at all. */
export class RegistrationService {
  /**
   * Stores the identifiers of a batch that are new, in one statement.
   *
   * @throws IDENTIFIER_INVALID listing the bad ones; FORBIDDEN for another organization's; BAD_INPUT, LIMIT_EXCEEDED for the batch's size
   */
  async register(scope: RequestScope, values: readonly string[]): Promise<RegisterComputingIdentifiersPayload> {
    requireBatch('input.values', values.length);
    const parsed = parseAll(values);
    requireOwnOrganization(scope, values, parsed);
    const distinct = [...new Set(values)].toSorted();
    const parts = distinct.map((value) => parsed.get(value)!);
    const column = <Key extends keyof ParsedParts>(key: Key) => parts.map((part) => part[key]);
    const [row] = await sql<{ registered: number }>(scope.em, REGISTER, [
      distinct,
      column('city'),
      column('industry'),
      column('organization'),
      column('resourceType'),
      column('region'),
      column('availabilityZone'),
      column('serviceType'),
      column('computeTotal'),
      column('storageTotal'),
      column('networkTotal'),
      column('power'),
    ]);
    const registered = row?.registered ?? 0;
    return { registered, known: distinct.length - registered };
  }
}

/** Refuses a batch of no element, or of more than 10,000. */
export function requireBatch(field: string, length: number): void {
  if (length === 0) throw badInput({ field, problem: `expected 1 to ${LARGEST_BATCH} elements, got none` });
  if (length > LARGEST_BATCH) throw limitExceeded({ field, limit: `elements of ${field}`, allowed: `${LARGEST_BATCH} elements`, got: String(length) });
}

function parseAll(values: readonly string[]): Map<string, ParsedParts> {
  const parsed = new Map<string, ParsedParts>();
  const failures: IdentifierFailure[] = [];
  let failureCount = 0;
  for (const [index, value] of values.entries()) {
    const result = parsed.get(value) ?? tryParseIdentifier(value);
    if (!('problem' in result)) parsed.set(value, result);
    else if (++failureCount <= LISTED_FAILURES) failures.push({ index, message: describeFault(result) });
  }
  if (failureCount > 0) throw batchInvalid(failures, failureCount);
  return parsed;
}

function batchInvalid(failures: IdentifierFailure[], failureCount: number) {
  const listed = failures.map(({ index, message }) => `input.values[${index}]: ${message}`).join('; ');
  const more = failureCount > failures.length ? `; and ${failureCount - failures.length} more` : '';
  return identifierInvalid({ problem: listed + more, field: `input.values[${failures[0]!.index}]`, extensions: { failures, failureCount } });
}

function requireOwnOrganization({ caller }: RequestScope, values: readonly string[], parsed: ReadonlyMap<string, ParsedParts>): void {
  if (isAdmin(caller)) return;
  for (const [index, value] of values.entries()) requireOrganization(caller.organization, parsed.get(value)!.organization, `input.values[${index}]`);
}

/** Refuses what belongs to another organization than the caller's. */
export function requireOrganization(own: string | null, organization: string, field: string): void {
  if (own === organization) return;
  const reason = own === null ? 'and you act for none' : `and you act for ${own}`;
  throw forbidden({ field, reason: `${field}: belongs to organization ${organization}, ${reason}` });
}
