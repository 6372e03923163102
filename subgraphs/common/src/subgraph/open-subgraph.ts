import type { GraphQLSchema } from 'graphql';
import type { PgBoss } from 'pg-boss';
import { AuditTrail, type AuditSink } from '../audit/audit-trail.js';
import { openDatabase } from '../database/database.js';
import { poolOf } from '../database/sql.js';
import { EventLog } from '../events/event-log.js';
import { Revisions } from '../events/revisions.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { buildFederatedSchema } from '../graph/federated-schema.js';
import { LocalConnection } from '../graph/local-connection.js';
import { openJobs } from '../jobs/jobs.js';
import type { Log } from '../log/log.js';
import { databasePools } from '../telemetry/activities.js';
import type { Peers } from '../peers/peers.js';
import { LocalRoutes } from '../routes/local-routes.js';
import { USUAL_NOTEBOOK_ORIGIN } from '../routes/subgraph-route.js';
import type { SubgraphModule } from './subgraph-module.js';

export interface SubgraphOptions {
  databaseUrl: string;
  secret: string;
  peers: Peers;
  keepAudit: AuditSink;
  /** Where browsers reach notebooks. */
  notebookOrigin?: () => string;
  log: Log;
}

/** A subgraph that answers in this process. */
export interface OpenSubgraph<Services = unknown> {
  name: string;
  sdl: string;
  schema: GraphQLSchema;
  connection: LocalConnection;
  routes: LocalRoutes;
  revisions: Revisions;
  services: Services;
  stop(): Promise<void>;
}

const CLIENT_PAGE_SIZE = 100;
const TRUSTED_PAGE_SIZE = 1_000;
const JOBS_STOP_MS = 5_000;

/** Brings a subgraph up: database and migrations, events, services, and the connection to its schema. What was opened is closed again when a later part fails. */
export async function openSubgraph<Services>(module: SubgraphModule<Services>, options: SubgraphOptions): Promise<OpenSubgraph<Services>> {
  const opened = new AsyncDisposableStack();
  try {
    return await open(module, options, opened);
  } catch (error) {
    await opened.disposeAsync();
    throw error;
  }
}

async function open<Services>(
  module: SubgraphModule<Services>,
  { databaseUrl, secret, peers, keepAudit, notebookOrigin = () => USUAL_NOTEBOOK_ORIGIN, log: parentLog }: SubgraphOptions,
  opened: AsyncDisposableStack,
): Promise<OpenSubgraph<Services>> {
  const { graph, schema: databaseSchema, entities, migrations } = module;
  const log = parentLog.child({ subgraph: graph.name });
  const { schema, sdl } = await buildFederatedSchema(graph);
  const database = await openDatabase({ url: databaseUrl, schema: databaseSchema, entities, migrations, log });
  opened.defer(() => database.close(true));
  const pool = await poolOf(database.em);
  opened.defer(databasePools.begin({ subgraph: graph.name, pool }));
  const events = await EventLog.open({ pool, url: databaseUrl, schema: databaseSchema, log });
  opened.defer(() => events.stop());
  const revisions = new Revisions(() => events.isAlone);
  let jobs: Promise<PgBoss> | undefined;
  opened.defer(async () => (await jobs)?.stop({ graceful: true, timeout: JOBS_STOP_MS }));
  const started = await module.start({
    database,
    databaseUrl,
    secret,
    events,
    revisions,
    peers,
    log,
    notebookOrigin,
    jobs: () => (jobs ??= openJobs(databaseUrl, databaseSchema, log)),
  });
  opened.defer(() => started.stop?.());
  const audit = new AuditTrail(keepAudit, log);
  const contextFor = ({ caller, origin, requestId, signal, budget }: Omit<SubgraphRequest, 'document' | 'variables'>) => ({
    caller,
    origin,
    requestId,
    signal,
    budget,
    em: database.em.fork(),
    peers,
    maxPageSize: origin === 'client' ? CLIENT_PAGE_SIZE : TRUSTED_PAGE_SIZE,
    services: started.services,
    audit,
  });
  const ready = async () => void (await pool.query('select 1'));
  return {
    name: graph.name,
    sdl,
    schema,
    revisions,
    services: started.services,
    connection: new LocalConnection({ name: graph.name, schema, contextFor, ready, log }),
    routes: new LocalRoutes({ routes: module.routes ?? [], scopeOf: (call) => contextFor({ ...call, origin: 'client' }), subgraph: graph.name, log }),
    stop: () => opened.disposeAsync(),
  };
}
