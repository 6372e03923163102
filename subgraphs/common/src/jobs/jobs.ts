import { PgBoss } from 'pg-boss';
import type { EntityManager } from '@mikro-orm/postgresql';
import { sql } from '../database/sql.js';
import type { Log } from '../log/log.js';

/** Durable background work on the subgraph's own PostgreSQL. */
export async function openJobs(url: string, schema: string, log: Log): Promise<PgBoss> {
  const jobs = new PgBoss({ connectionString: url, schema: `${schema}_jobs`, max: 4, useListenNotify: true, application_name: `hutong ${schema} jobs` });
  jobs.on('error', (error: Error) => log.warn({ err: error }, 'background work met an error'));
  await jobs.start();
  return jobs;
}

/** Lets pg-boss write a job in the EntityManager's transaction: it exists if and only if the transaction commits. */
export const inTransactionOf = (em: EntityManager) => ({
  db: {
    executeSql: async (text: string, values?: unknown[]) => ({ rows: await sql(em, text, values ?? []) }),
  },
});
