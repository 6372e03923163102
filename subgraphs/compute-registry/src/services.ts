import type { SubgraphContext } from '@hutong/common';
import type { AvailabilityZoneService } from './availability-zone/availability-zone.service.js';
import type { CodeDictionary } from './code-name/code-name.dictionary.js';
import type { CodeNameService } from './code-name/code-name.service.js';
import type { ComputingIdentifierService } from './computing-identifier/computing-identifier.service.js';
import type { RegistrationService } from './computing-identifier/registration.service.js';
import type { ComputingResourceService } from './computing-resource/computing-resource.service.js';
import type { ReportService } from './computing-resource/report.service.js';
import type { ReportedFeed } from './computing-resource/reported-feed.js';
import type { FreshnessService } from './freshness/freshness.service.js';
import type { HistoryService } from './history/history.service.js';
import type { MatchingService } from './matching/matching.service.js';
import type { ReservationService } from './reservation/reservation.service.js';

/** What the resolvers of this subgraph call. */
export interface RegistryServices {
  dictionary: CodeDictionary;
  codeNames: CodeNameService;
  identifiers: ComputingIdentifierService;
  registration: RegistrationService;
  reports: ReportService;
  resources: ComputingResourceService;
  feed: ReportedFeed;
  zones: AvailabilityZoneService;
  matching: MatchingService;
  reservations: ReservationService;
  freshness: FreshnessService;
  history: HistoryService;
}

export type RegistryContext = SubgraphContext<RegistryServices>;
