import { batched, inOrderOf, isAdmin, type RequestScope } from '@hutong/common';
import type { EntityManager, FilterQuery } from '@mikro-orm/postgresql';
import { taskNotFound } from '../errors.js';
import { integerId } from '../foreign/integer-id.js';
import { Offer } from './offer.entity.js';
import { Task } from './task.entity.js';

/** What a caller sees of all tasks: its own, an admin everything. */
export const visibleTasks = ({ caller }: Pick<RequestScope, 'caller'>): FilterQuery<Task> => (isAdmin(caller) ? {} : { ownerId: caller.userId ?? '' });

/** Loads tasks by id in one query a request; null for those the caller may not see. */
export const loadTask = batched(async (ids: readonly number[], scope) => {
  const rows = await scope.em.find(Task, { $and: [{ id: { $in: [...ids] } }, visibleTasks(scope)] });
  return inOrderOf(ids, rows, ({ id }) => id);
});

/** Loads the offers of tasks, best first, in one query a request. */
export const loadOffers = batched(async (taskIds: readonly number[], { em }) => {
  const rows = await em.find(Offer, { taskId: { $in: [...taskIds] } }, { orderBy: { taskId: 'asc', rank: 'asc' } });
  const byTask = Map.groupBy(rows, ({ taskId }) => taskId);
  return taskIds.map((id) => byTask.get(id) ?? []);
});

const ownScopes = new WeakMap<Task, RequestScope>();

/** The scope to load what belongs to a task with: the request's, or for a task of an event its own. */
export const scopeOf = (task: Task, request: RequestScope): RequestScope => ownScopes.get(task) ?? request;

/** The task of an event, as it is now, with a scope of its own: a subscription's would keep all that it ever loaded. */
export async function taskOfEvent(request: RequestScope, id: number): Promise<Task> {
  const scope: RequestScope = { ...request, em: request.em.fork() };
  const task = await visibleTask(scope.em, scope, String(id));
  ownScopes.set(task, scope);
  return task;
}

/** A task as it is now, on an EntityManager of its own; TASK_NOT_FOUND when the caller may not see it. */
export async function visibleTask(em: EntityManager, scope: Pick<RequestScope, 'caller'>, id: string): Promise<Task> {
  const integer = integerId(id);
  const task = integer === undefined ? null : await em.fork().findOne(Task, { $and: [{ id: integer }, visibleTasks(scope)] });
  if (!task) throw taskNotFound({ id });
  return task;
}
