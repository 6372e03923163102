import { badInput, decodeCursor, inOrderOf, isAdmin, pageOf, pageWindow, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { EntityName, FilterQuery, FindOptions } from '@mikro-orm/postgresql';
import type { Artifact } from './artifact.entity.js';
import { artifactIdOf } from './artifact.request.js';
import { ArtifactOrder, type ArtifactFilter } from './artifact.types.js';

/** How a list is asked for, beside its page. */
export interface ArtifactListing {
  filter: ArtifactFilter;
  orderBy?: ArtifactOrder | null | undefined;
  isAscending: boolean;
}

const COLUMNS = { CREATED_AT: 'createdAt', UPDATED_AT: 'updatedAt', NAME: 'name', SIZE: 'sizeBytes' } as const;
type Column = (typeof COLUMNS)[ArtifactOrder];

/** What a caller sees: its own and public ones, an admin everything that is not deleted. */
export const visibleArtifacts = ({ caller }: Pick<RequestScope, 'caller'>): FilterQuery<Artifact> => ({
  deletedAt: null,
  ...(isAdmin(caller) ? {} : { $or: [{ ownerId: caller.userId ?? '' }, { isPrivate: false }] }),
});

/** Several by their ids, in the order of the ids; null for those the caller may not see. */
export async function findVisibleArtifacts<Row extends Artifact>(entity: EntityName<Row>, ids: readonly string[], scope: RequestScope): Promise<(Row | null)[]> {
  const numbers = ids.map(artifactIdOf).filter((id) => id !== undefined);
  const rows = await scope.em.fork().find(entity, { $and: [{ id: { $in: numbers } }, visibleArtifacts(scope)] } as FilterQuery<Row>);
  return inOrderOf<string, Row>(ids, rows, ({ id }) => String(id));
}

/** A page of what the caller sees, newest first when nothing else is said. @throws BAD_INPUT, LIMIT_EXCEEDED */
export async function listArtifacts<Row extends Artifact>(
  entity: EntityName<Row>,
  scope: RequestScope,
  { filter, orderBy, isAscending, also }: ArtifactListing & { also?: FilterQuery<Row> | undefined },
  page: PageArguments,
): Promise<Connection<Row>> {
  const window = pageWindow(page, scope.maxPageSize);
  const column = COLUMNS[orderBy ?? ArtifactOrder.CREATED_AT];
  const wanted = { $and: [wantedBy(filter), also ?? {}, visibleArtifacts(scope)] } as FilterQuery<Row>;
  const behind = window.after === null ? [] : [rowsBehind(window.after, column, isAscending)];
  const way = isAscending ? 'asc' : 'desc';
  const order = { [column]: way, id: way } as FindOptions<Row>['orderBy'] & object;
  const rows = await scope.em.fork().find(entity, { $and: [wanted, ...behind] } as FilterQuery<Row>, { orderBy: order, limit: window.limit + 1, offset: window.offset });
  const keyOf = (row: Artifact) => {
    const value = row[column];
    return [value instanceof Date ? value.toISOString() : value, row.id];
  };
  return pageOf<Row>({ rows: rows, window, keyOf, totalCount: () => scope.em.fork().count(entity, wanted) });
}

function wantedBy({ name, version, alias, isPrivate, owner }: ArtifactFilter): FilterQuery<Artifact> {
  return {
    ...(name == null || name === '' ? {} : { name: { $ilike: `%${name.replaceAll(/[\\%_]/g, String.raw`\$&`)}%` } }),
    ...(version == null ? {} : { version }),
    ...(alias == null ? {} : { alias }),
    ...(isPrivate == null ? {} : { isPrivate }),
    ...(owner == null ? {} : { ownerId: owner }),
  };
}

/** @throws BAD_INPUT when the cursor is none of this list's */
function rowsBehind(cursor: string, column: Column, isAscending: boolean): FilterQuery<Artifact> {
  const [value, id] = decodeCursor(cursor, 2);
  const isTime = column === 'createdAt' || column === 'updatedAt';
  const first = isTime ? new Date(String(value)) : value;
  const isOurs = first instanceof Date ? !Number.isNaN(first.getTime()) : typeof first === (column === 'name' ? 'string' : 'number');
  if (!isOurs || !Number.isInteger(id)) throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  const behind = isAscending ? '$gt' : '$lt';
  return { $or: [{ [column]: { [behind]: first } }, { [column]: first, id: { [behind]: id } }] };
}
