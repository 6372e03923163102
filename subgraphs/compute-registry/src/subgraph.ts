import type { House, StartedServices, SubgraphModule } from '@hutong/common';
import { AvailabilityZoneResolver } from './availability-zone/availability-zone.resolver.js';
import { AvailabilityZoneService } from './availability-zone/availability-zone.service.js';
import { CodeDictionary } from './code-name/code-name.dictionary.js';
import { CodeName } from './code-name/code-name.entity.js';
import { codeNameOf } from './code-name/code-name.reference.js';
import { CodeNameResolver } from './code-name/code-name.resolver.js';
import { CodeNameService } from './code-name/code-name.service.js';
import { ComputingIdentifier } from './computing-identifier/computing-identifier.entity.js';
import { loadIdentifier, loadIdentifierByValue } from './computing-identifier/computing-identifier.reference.js';
import { ComputingIdentifierResolver } from './computing-identifier/computing-identifier.resolver.js';
import { ComputingIdentifierService } from './computing-identifier/computing-identifier.service.js';
import { RegistrationService } from './computing-identifier/registration.service.js';
import { ComputingResource } from './computing-resource/computing-resource.entity.js';
import { loadResource } from './computing-resource/computing-resource.reference.js';
import { ComputingResourceResolver } from './computing-resource/computing-resource.resolver.js';
import { ComputingResourceService, resourceIdOf } from './computing-resource/computing-resource.service.js';
import { ReportService } from './computing-resource/report.service.js';
import { ReportedFeed } from './computing-resource/reported-feed.js';
import { PreparedReads } from './database/prepared-reads.js';
import { readRegistrySettings, type RegistrySettings } from './environment.js';
import { systemClock, type Clock } from './freshness/clock.js';
import { FreshnessService } from './freshness/freshness.service.js';
import { HistoryService } from './history/history.service.js';
import { MatchingResolver } from './matching/matching.resolver.js';
import { MatchingService } from './matching/matching.service.js';
import { Migration20261121Registry } from './migrations/migration-20261121-registry.js';
import { Migration20261121ReservationAllocated } from './migrations/migration-20261121-reservation-allocated.js';
import { ReservationResolver } from './reservation/reservation.resolver.js';
import { ReservationService } from './reservation/reservation.service.js';
import type { RegistryContext, RegistryServices } from './services.js';

export { registrySettings } from './environment.js';
export type { RegistryServices } from './services.js';

export interface RegistryOptions {
  settings?: RegistrySettings;
  clock?: Clock;
}

/** The subgraph of identifiers, resources, code names and matching; a test may give it settings and a clock of its own. */
export function computeRegistryModule({ settings, clock = systemClock }: RegistryOptions = {}): SubgraphModule<RegistryServices> {
  return {
    graph: {
      name: 'compute-registry',
      resolvers: [CodeNameResolver, ComputingIdentifierResolver, ComputingResourceResolver, AvailabilityZoneResolver, MatchingResolver, ReservationResolver],
      references: {
        CodeName: ({ id }: { id: string }, { services }: RegistryContext) => codeNameOf(services.dictionary, id),
        ComputingIdentifier: ({ id, value }: { id?: string; value?: string }, context: RegistryContext) => {
          if (id === undefined) return loadIdentifierByValue(context, value!);
          const number = resourceIdOf(id);
          return number === null ? null : loadIdentifier(context, number);
        },
        ComputingResource: ({ id }: { id: string }, context: RegistryContext) => {
          const number = resourceIdOf(id);
          return number === null ? null : loadResource(context, number);
        },
      },
    },
    schema: 'compute_registry',
    entities: [CodeName, ComputingIdentifier, ComputingResource],
    migrations: [Migration20261121Registry, Migration20261121ReservationAllocated],
    checkSettings: () => void (settings ?? readRegistrySettings()),
    start: (house) => start(house, settings ?? readRegistrySettings(), clock),
  };
}

export const computeRegistry = computeRegistryModule();

async function start(house: House, settings: RegistrySettings, clock: Clock): Promise<StartedServices<RegistryServices>> {
  const dictionary = new CodeDictionary();
  const codeNames = await CodeNameService.open(house, dictionary);
  const history = new HistoryService(house, settings.historyDays, clock);
  await history.upkeep();
  const freshness = new FreshnessService(house, settings.staleSeconds, clock);
  const reads = new PreparedReads(house.database);
  const resources = new ComputingResourceService(reads, freshness, dictionary);
  const scheduling = history.schedule().catch((error: unknown) => house.log.warn({ err: error }, 'the hourly upkeep of the history could not be scheduled'));
  return {
    services: {
      dictionary,
      codeNames,
      identifiers: new ComputingIdentifierService(dictionary),
      registration: new RegistrationService(),
      reports: new ReportService(house, settings, clock),
      resources,
      feed: new ReportedFeed(house.events, reads, resources, dictionary),
      zones: new AvailabilityZoneService(reads, dictionary),
      matching: new MatchingService(reads, freshness, dictionary),
      reservations: new ReservationService(freshness, clock),
      freshness,
      history,
    },
    async stop() {
      codeNames.stop();
      await scheduling;
      await freshness.stop();
    },
  };
}
