import { inOrderOf, isAdmin, isUuid, mayAccessOwned, type RequestScope } from '@hutong/common';
import type { EntityManager, EntityName, FilterQuery } from '@mikro-orm/postgresql';
import { jobNotFound, notYours } from '../errors.js';
import { Job } from './job.entity.js';

type CallerScope = Pick<RequestScope, 'caller'>;

/** What a caller sees of all jobs: its own that it has not deleted, an admin everybody's. */
export const visibleJobs = ({ caller }: CallerScope): FilterQuery<Job> => ({ deletedAt: null, ...(isAdmin(caller) ? {} : { ownerId: caller.userId ?? '' }) });

/** Jobs of a kind by id, in the order of the ids; null for those the caller may not see. */
export async function findVisible<Row extends Job>(entity: EntityName<Row>, ids: readonly string[], scope: RequestScope): Promise<(Row | null)[]> {
  const which = { $and: [{ id: { $in: ids.filter(isUuid) } }, visibleJobs(scope)] } as FilterQuery<Row>;
  const rows = await scope.em.find(entity, which);
  return inOrderOf<string, Row>(ids, rows, ({ id }) => id);
}

/** A job as it is now, on an EntityManager of its own; null when there is none. @throws NOT_YOURS */
export async function jobIfAny<Row extends Job>(entity: EntityName<Row>, { em, caller }: CallerScope & { em: EntityManager }, id: string, field = 'id'): Promise<Row | null> {
  const job = isUuid(id) ? await em.fork().findOne(entity, { id, deletedAt: null } as unknown as FilterQuery<Row>) : null;
  if (job && !mayAccessOwned(caller, job.ownerId)) throw notYours({ field });
  return job;
}

/** The same where there must be one. @throws JOB_NOT_FOUND, NOT_YOURS */
export async function requireJob<Row extends Job>(entity: EntityName<Row>, scope: CallerScope & { em: EntityManager }, id: string, field = 'id'): Promise<Row> {
  const job = await jobIfAny(entity, scope, id, field);
  if (!job) throw jobNotFound({ id, field });
  return job;
}

/** Any job, as the interface shows it. */
export const anyJob: EntityName<Job> = Job;
