import type { Pool } from 'pg';
import type { PgBoss } from 'pg-boss';
import { AuditTrail, type AuditSink } from '../audit/audit-trail.js';
import { openDatabase } from '../database/database.js';
import { EventLog } from '../events/event-log.js';
import { Revisions } from '../events/revisions.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { buildFederatedSchema } from '../graph/federated-schema.js';
import { LocalConnection } from '../graph/local-connection.js';
import { openJobs } from '../jobs/jobs.js';
import type { Log } from '../log/log.js';
import type { Peers } from '../peers/peers.js';
import type { SubgraphModule } from './subgraph-module.js';

export interface SubgraphOptions {
  databaseUrl: string;
  peers: Peers;
  keepAudit: AuditSink;
  log: Log;
}

/** A subgraph that answers in this process. */
export interface OpenSubgraph<Services = unknown> {
  name: string;
  sdl: string;
  connection: LocalConnection;
  revisions: Revisions;
  services: Services;
  stop(): Promise<void>;
}

const CLIENT_PAGE_SIZE = 100;
const TRUSTED_PAGE_SIZE = 1_000;

/** Brings a subgraph up: database and migrations, events, services, and the connection to its schema. */
export async function openSubgraph<Services>(module: SubgraphModule<Services>, options: SubgraphOptions): Promise<OpenSubgraph<Services>> {
  const { name } = module.graph;
  const log = options.log.child({ subgraph: name });
  const [{ schema, sdl }, database] = await Promise.all([
    buildFederatedSchema(module.graph),
    openDatabase({ url: options.databaseUrl, schema: module.schema, entities: module.entities, migrations: module.migrations, log }),
  ]);
  const pool = (await (database.em.getConnection() as unknown as { getNativeClient(): Promise<Pool> }).getNativeClient());
  const events = await EventLog.open({ pool, url: options.databaseUrl, schema: module.schema, log });
  const revisions = new Revisions();
  let jobs: Promise<PgBoss> | undefined;
  const started = await module.start({
    database,
    databaseUrl: options.databaseUrl,
    events,
    revisions,
    peers: options.peers,
    log,
    jobs: () => (jobs ??= openJobs(options.databaseUrl, module.schema, log)),
  });
  const audit = new AuditTrail(options.keepAudit, log);
  const contextFor = ({ caller, origin, requestId, signal }: SubgraphRequest) => ({
    caller,
    origin,
    requestId,
    signal,
    em: database.em.fork(),
    peers: options.peers,
    maxPageSize: origin === 'client' ? CLIENT_PAGE_SIZE : TRUSTED_PAGE_SIZE,
    services: started.services,
    audit,
  });
  const ready = async () => {
    await pool.query('select 1');
  };
  return {
    name,
    sdl,
    revisions,
    services: started.services,
    connection: new LocalConnection({ name, schema, contextFor, ready, log }),
    async stop() {
      await started.stop?.();
      await (await jobs)?.stop({ graceful: true, timeout: 5_000 });
      await events.stop();
      await database.close(true);
    },
  };
}
