import { CompiledQuery } from 'kysely';
import type { EntityManager } from '@mikro-orm/postgresql';

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
