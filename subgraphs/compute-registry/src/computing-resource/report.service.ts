import { isAdmin, sql, type House, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { requireBatch, requireOrganization } from '../computing-identifier/registration.service.js';
import { plainArray } from '../database/array-literal.js';
import type { RegistrySettings } from '../environment.js';
import { identifierNotRegistered } from '../errors.js';
import type { Clock } from '../freshness/clock.js';
import { lockOrganizations } from './organization-lock.js';
import { addressKeyOf, reportArrays, splitBatch, type ResolvedReport } from './report.batch.js';
import { STORE_EARLIER_REPORTS, STORE_REPORTS, TAKE_HISTORY_IDS } from './report.statement.js';
import type { ComputingResourceReportInput, ReportComputingResourcesPayload } from './report.types.js';
import { requireReport } from './report.validation.js';
import { reportedEvent } from './reported-event.js';
import { groupIds, modelIds } from './resource-group.store.js';

interface RegisteredIdentifier {
  id: number;
  value: string;
  organization: string;
}

/** Takes what providers report, again and again, in bulk. */
export class ReportService {
  readonly #house: House;
  readonly #settings: RegistrySettings;
  readonly #clock: Clock;

  constructor(house: House, settings: RegistrySettings, clock: Clock) {
    this.#house = house;
    this.#settings = settings;
    this.#clock = clock;
  }

  /**
   * Stores a batch of reports: states and history in one statement, the whole batch or nothing.
   *
   * @throws BAD_INPUT and LIMIT_EXCEEDED naming the element and field; IDENTIFIER_NOT_REGISTERED; FORBIDDEN for another organization's
   */
  async report(scope: RequestScope, given: readonly ComputingResourceReportInput[]): Promise<ReportComputingResourcesPayload> {
    requireBatch('input.reports', given.length);
    const now = this.#clock().getTime();
    for (const [index, report] of given.entries()) requireReport(report, index, now);
    const reports = given.map((report) => notAhead(report, now));
    const identifiers = await registered(scope.em, reports);
    requireReportable(scope, reports, identifiers);
    return scope.em.transactional((transaction) => this.#store(transaction, reports, identifiers));
  }

  async #store(
    transaction: EntityManager,
    reports: readonly ComputingResourceReportInput[],
    identifiers: ReadonlyMap<string, RegisteredIdentifier>,
  ): Promise<ReportComputingResourcesPayload> {
    await lockOrganizations(transaction, [...new Set([...identifiers.values()].map(({ organization }) => organization))]);
    const now = this.#clock();
    const assumed = new Date(now.getTime() - this.#settings.observationLagSeconds * 1_000);
    const { last, earlier } = splitBatch(await resolve(transaction, reports, identifiers));
    const historyIds = earlier.length === 0 ? '' : (await sql<{ ids: string }>(transaction, TAKE_HISTORY_IDS, [earlier.length]))[0]!.ids;
    const stored = await sql<{ ids: string; created: number; late: number[] | null }>(transaction, STORE_REPORTS, [
      now,
      assumed,
      plainArray(last.map(({ identifierId }) => identifierId)),
      plainArray(last.map(({ gpuModelId }) => gpuModelId)),
      plainArray(last.map(({ groupId }) => groupId)),
      plainArray(last.map(({ addressKey }) => addressKey)),
      ...reportArrays(last),
    ]);
    const { ids, created, late } = stored[0]!;
    const resourceIds = ids.split(',').map(Number);
    if (earlier.length > 0) {
      const resources = plainArray(earlier.map(({ resource }) => resourceIds[resource]!));
      await sql(transaction, STORE_EARLIER_REPORTS, [now, assumed, `{${historyIds}}`, resources, ...reportArrays(earlier.map(({ report }) => report))]);
    }
    const lateIds = new Set(late ?? []);
    await this.#house.events.append(transaction, ...reportedEvent(resourceIds.filter((id) => !lateIds.has(id))));
    return { created, updated: last.length - created - lateIds.size, late: lateIds.size, reportedAt: now };
  }
}

/**
 * Where a provider's clock is ahead, its report was measured when it arrived: a state from the future would count as
 * knowing of reservations that are yet to be made.
 */
function notAhead(report: ComputingResourceReportInput, now: number): ComputingResourceReportInput {
  return report.observedAt != null && report.observedAt.getTime() > now ? { ...report, observedAt: new Date(now) } : report;
}

async function registered(em: EntityManager, reports: readonly ComputingResourceReportInput[]): Promise<Map<string, RegisteredIdentifier>> {
  const values = [...new Set(reports.map(({ identifier }) => identifier))];
  const rows = await sql<RegisteredIdentifier>(em, 'select id, value, organization from compute_registry.computing_identifier where value = any($1::text[])', [values]);
  return new Map(rows.map((row) => [row.value, row]));
}

function requireReportable({ caller }: RequestScope, reports: readonly ComputingResourceReportInput[], identifiers: ReadonlyMap<string, RegisteredIdentifier>): void {
  const mayAll = isAdmin(caller);
  for (const [index, { identifier }] of reports.entries()) {
    const known = identifiers.get(identifier);
    const field = `input.reports[${index}].identifier`;
    if (!known) throw identifierNotRegistered({ value: identifier, field });
    if (!mayAll) requireOrganization(caller.organization, known.organization, field);
  }
}

/** Finds the rows that reports refer to: each combination of identifier and model is looked up once. */
async function resolve(
  transaction: EntityManager,
  reports: readonly ComputingResourceReportInput[],
  identifiers: ReadonlyMap<string, RegisteredIdentifier>,
): Promise<ResolvedReport[]> {
  const models = await modelIds(transaction, reports.map(({ gpuModel }) => gpuModel));
  const keys = new Map<string, { identifierId: number; gpuModelId: number; groupId: number }>();
  const resolved = reports.map((input) => {
    const identifierId = identifiers.get(input.identifier)!.id;
    const gpuModelId = models.get(input.gpuModel)!;
    const name = `${identifierId} ${gpuModelId}`;
    let key = keys.get(name);
    if (!key) keys.set(name, (key = { identifierId, gpuModelId, groupId: 0 }));
    return { input, key, addressKey: addressKeyOf(input.networkIps) };
  });
  const groups = await groupIds(transaction, [...keys.values()]);
  for (const [index, key] of [...keys.values()].entries()) key.groupId = groups[index]!;
  return resolved.map(({ input, key, addressKey }) => ({ input, ...key, addressKey }));
}
