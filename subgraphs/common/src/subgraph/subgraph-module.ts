import type { Migration } from '@mikro-orm/migrations';
import type { AnyEntity, Constructor, EntityName } from '@mikro-orm/postgresql';
import type { PgBoss } from 'pg-boss';
import type { Database } from '../database/database.js';
import type { EventLog } from '../events/event-log.js';
import type { Revisions } from '../events/revisions.js';
import type { GraphDefinition } from '../graph/federated-schema.js';
import type { Log } from '../log/log.js';
import type { Peers } from '../peers/peers.js';
import type { SubgraphRoute } from '../routes/subgraph-route.js';

/** What a subgraph gets to work with when it starts. */
export interface House {
  database: Database;
  /** Where the database is, for what needs a connection of its own. */
  databaseUrl: string;
  /** What keys may be derived from, the same after a restart and in every process; never a key itself. */
  secret: string;
  events: EventLog;
  revisions: Revisions;
  peers: Peers;
  log: Log;
  /** Where browsers reach routes of the origin `notebook`, for example `http://127.0.0.1:4010`; known when the platform is up, so to be asked each time. */
  notebookOrigin(): string;
  /** Opens the subgraph's background work; it is stopped with the subgraph. */
  jobs(): Promise<PgBoss>;
}

/** A started subgraph's services and background work. */
export interface StartedServices<Services> {
  services: Services;
  stop?(): Promise<void>;
}

/** Everything the platform knows of a subgraph: its graph can be built without a database, its services need one. */
export interface SubgraphModule<Services = unknown> {
  graph: GraphDefinition;
  /** The PostgreSQL schema it owns, with its entities and migrations. */
  schema: string;
  entities: EntityName<AnyEntity>[];
  migrations: Constructor<Migration>[];
  /** HTTP beside the graph. */
  routes?: readonly SubgraphRoute<Services>[];
  /** Reads its settings, so that a bad one stops the start before anything is opened. @throws SettingError */
  checkSettings?(): void;
  start(house: House): Promise<StartedServices<Services>> | StartedServices<Services>;
}
