import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, type AnyEntity, type Constructor, type EntityName } from '@mikro-orm/postgresql';
import { ReflectMetadataProvider } from '@mikro-orm/decorators/legacy';
import { Client } from 'pg';
import type { Migration } from '@mikro-orm/migrations';
import type { Log } from '../log/log.js';

export type Database = MikroORM;

export interface DatabaseOptions {
  url: string;
  /** The PostgreSQL schema that holds everything of one subgraph. */
  schema: string;
  entities: EntityName<AnyEntity>[];
  /** In the order they are to run. */
  migrations: Constructor<Migration>[];
  log: Log;
}

/** Connections a subgraph may hold at once; a request that finds none waits, but not beyond its own deadline. */
const POOL = { min: 0, max: 16, idleTimeoutMillis: 30_000 };
const CONNECTION_TIMEOUT_MS = 20_000;
const STATEMENT_TIMEOUT_MS = 60_000;

/** Connects a subgraph to its schema and brings the schema up to date; two processes that start at once take turns. */
export async function openDatabase({ url, schema, entities, migrations, log }: DatabaseOptions): Promise<Database> {
  const orm = await MikroORM.init({
    clientUrl: url,
    schema,
    entities,
    discovery: { warnWhenNoEntities: false },
    metadataProvider: ReflectMetadataProvider,
    extensions: [Migrator],
    migrations: { migrationsList: migrations, tableName: 'migration', schema, snapshot: false, transactional: true, allOrNothing: true },
    pool: POOL,
    driverOptions: { connectionTimeoutMillis: CONNECTION_TIMEOUT_MS, statement_timeout: STATEMENT_TIMEOUT_MS, application_name: `hutong ${schema}` },
    forceUtcTimezone: true,
    logger: (message) => log.debug(message),
  });
  await migrate(orm, url, schema);
  return orm;
}

async function migrate(orm: MikroORM, url: string, schema: string): Promise<void> {
  const lock = new Client({ connectionString: url });
  await lock.connect();
  try {
    await lock.query(`select pg_advisory_lock(hashtextextended($1, 0))`, [`hutong migrations ${schema}`]);
    await lock.query(`create schema if not exists "${schema}"`);
    await orm.migrator.up();
  } finally {
    await lock.end();
  }
}
