import type { EntityManager } from '@mikro-orm/postgresql';

/** An entity as the row it becomes. */
export interface EntityRow {
  /** Its columns, quoted and with commas between, the same for every entity of its class. */
  columns: string;
  /** Its values by their columns, as `json_populate_record` takes them. */
  json: string;
}

/** A new entity as a row, for a statement that does more than to insert it. Columns of types that JSON does not have (bytes) are not for this. */
export function rowOf(em: EntityManager, entity: object): EntityRow {
  const { props } = em.getMetadata(entity.constructor as new () => object);
  const stored = props.filter(({ persist }) => persist !== false);
  return {
    columns: stored.map(({ fieldNames: [column] }) => `"${column}"`).join(', '),
    json: JSON.stringify(Object.fromEntries(stored.map(({ name, fieldNames: [column] }) => [column, (entity as Record<string, unknown>)[name]]))),
  };
}
