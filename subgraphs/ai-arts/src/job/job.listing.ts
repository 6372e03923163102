import { badInput, decodeCursor, isUuid, pageOf, pageWindow, type Connection, type PageArguments, type RequestScope } from '@hutong/common';
import type { EntityName, FilterQuery } from '@mikro-orm/postgresql';
import { ArgsType, Field, ID, InputType, registerEnumType } from 'type-graphql';
import { PageArgs } from '../paging/page.args.js';
import type { Job } from './job.entity.js';
import { visibleJobs } from './job.reference.js';
import { JobState } from './job.states.js';

/** What lists of jobs may be ordered by. */
export enum JobOrder {
  CREATED_AT = 'CREATED_AT',
  NAME = 'NAME',
  STATE = 'STATE',
}

export enum SortDirection {
  ASCENDING = 'ASCENDING',
  DESCENDING = 'DESCENDING',
}

registerEnumType(JobOrder, {
  name: 'JobOrder',
  description: 'What a list of notebooks, trainings or services is ordered by; ties by when they were asked for.',
  valuesConfig: { CREATED_AT: { description: 'When it was asked for.' }, NAME: { description: 'Its name, by the alphabet.' }, STATE: { description: 'Its state, by the alphabet.' } },
});
registerEnumType(SortDirection, {
  name: 'SortDirection',
  description: 'Which end of an order comes first.',
  valuesConfig: { ASCENDING: { description: 'The smallest, the oldest, or A.' }, DESCENDING: { description: 'The largest, the newest, or Z.' } },
});

@InputType({ description: 'Which jobs to list; what is left out does not filter.' })
export class JobFilter {
  @Field(() => [JobState], { nullable: true, description: 'Only jobs in one of these states.' })
  states?: JobState[] | null;

  @Field(() => String, { nullable: true, description: 'Only jobs whose name or description has this in it, whatever the case.' })
  search?: string | null;

  @Field(() => ID, { nullable: true, description: 'Only jobs of this user; others than an admin see their own only.' })
  owner?: string | null;
}

/** The arguments of every list of jobs. */
@ArgsType()
export class JobListArguments extends PageArgs {
  @Field(() => JobFilter, { nullable: true, description: 'Only what meets all of it.' })
  filter?: JobFilter | null;

  @Field(() => JobOrder, { nullable: true, description: 'By default CREATED_AT.' })
  orderBy?: JobOrder | null;

  @Field(() => SortDirection, { nullable: true, description: 'By default DESCENDING.' })
  direction?: SortDirection | null;
}

/** How a list is asked for, beside its page. */
export interface JobListing {
  filter?: JobFilter | null | undefined;
  orderBy?: JobOrder | null | undefined;
  direction?: SortDirection | null | undefined;
}

const COLUMNS = { CREATED_AT: 'createdAt', NAME: 'name', STATE: 'state' } as const;

/** A page of the caller's jobs of a kind (an admin's: everybody's), newest first when nothing else is said. @throws BAD_INPUT, LIMIT_EXCEEDED */
export async function listJobs<Row extends Job>(entity: EntityName<Row>, scope: RequestScope, { filter, orderBy, direction }: JobListing, page: PageArguments): Promise<Connection<Row>> {
  const window = pageWindow(page, scope.maxPageSize);
  const column = COLUMNS[orderBy ?? JobOrder.CREATED_AT];
  const isAscending = direction === SortDirection.ASCENDING;
  const wanted = { $and: [wantedBy(filter ?? {}), visibleJobs(scope)] } as FilterQuery<Row>;
  const behind = window.after === null ? [] : [rowsBehind(window.after, column, isAscending)];
  const way = isAscending ? 'asc' : 'desc';
  // Every kind of job has these columns, which the types of a generic row cannot tell.
  const order = [{ [column]: way }, { createdAt: way }, { id: way }];
  const rows = await scope.em.find(entity, { $and: [wanted, ...behind] } as FilterQuery<Row>, {
    orderBy: order as never,
    limit: window.limit + 1,
    offset: window.offset,
  });
  const keyOf = (job: Row) => [column === 'createdAt' ? job.createdAt.toISOString() : job[column], job.createdAt.toISOString(), job.id];
  return pageOf<Row>({ rows, window, keyOf, totalCount: () => scope.em.fork().count(entity, wanted) });
}

function wantedBy({ states, search, owner }: JobFilter): FilterQuery<Job> {
  const like = search == null || search === '' ? undefined : `%${search.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
  return {
    ...(states == null ? {} : { state: { $in: states } }),
    ...(owner == null ? {} : { ownerId: owner }),
    ...(like === undefined ? {} : { $or: [{ name: { $ilike: like } }, { description: { $ilike: like } }] }),
  };
}

/** @throws BAD_INPUT when the cursor is none of this list's */
function rowsBehind(cursor: string, column: (typeof COLUMNS)[JobOrder], isAscending: boolean): FilterQuery<Job> {
  const [value, at, id] = decodeCursor(cursor, 3).map(String);
  const createdAt = new Date(at!);
  const first = column === 'createdAt' ? new Date(value!) : value!;
  if (Number.isNaN(createdAt.getTime()) || !isUuid(id!) || (first instanceof Date && Number.isNaN(first.getTime()))) throw badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });
  const behind = isAscending ? '$gt' : '$lt';
  return { $or: [{ [column]: { [behind]: first } }, { [column]: first, createdAt: { [behind]: createdAt } }, { [column]: first, createdAt, id: { [behind]: id! } }] };
}
