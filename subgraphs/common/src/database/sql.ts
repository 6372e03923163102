import { CompiledQuery } from 'kysely';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';

/**
 * Runs SQL with native `$1` parameters inside the EntityManager's transaction, for what an ORM cannot say well: bulk
 * upserts, ranking, locks. Arrays go as PostgreSQL arrays.
 *
 * @returns the rows, with column names as the statement gives them
 */
export async function sql<Row = Record<string, unknown>>(em: EntityManager, text: string, parameters: readonly unknown[] = []): Promise<Row[]> {
  const result = await em.getKysely().executeQuery(CompiledQuery.raw(text, [...parameters]));
  return result.rows as Row[];
}

/** A statement that PostgreSQL plans once for each connection, under a name that no other text has. */
export interface PreparedStatement {
  name: string;
  text: string;
}

/** Runs a prepared statement by itself, outside of any transaction: for what is run with every request. Parameters and answer are as of {@link sql}. */
export async function preparedSql<Row = Record<string, unknown>>(em: EntityManager, statement: PreparedStatement, parameters: readonly unknown[]): Promise<Row[]> {
  const pool = await poolOf(em);
  const { rows } = await pool.query({ ...statement, values: [...parameters] });
  return rows as Row[];
}

/** The PostgreSQL driver's own pool, which MikroORM's type for a connection does not show. */
export function poolOf(em: EntityManager): Promise<Pool> {
  return (em.getConnection() as unknown as { getNativeClient(): Promise<Pool> }).getNativeClient();
}
