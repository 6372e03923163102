import { Access, pageOf, pageWindow, UserReference, type Connection, type StoredEvent } from '@hutong/common';
import { Arg, Ctx, Directive, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { ComputingResourceReference } from '../foreign/foreign.entities.js';
import { integerId } from '../foreign/integer-id.js';
import type { SchedulingContext } from '../services.js';
import { Offer, OfferConnection } from './offer.entity.js';
import { Task } from './task.entity.js';
import { loadOffers, loadTask, scopeOf, taskOfEvent, visibleTask } from './task.reference.js';
import type { TaskState } from './task.states.js';
import { ChooseTaskPathInput, SubmitTaskInput, TaskConnection, TaskEvent, TaskFilter } from './task.types.js';

const resource = (id: number): ComputingResourceReference => ({ id: String(id) });

@Resolver(() => Task)
export class TaskResolver {
  @Access('member')
  @Query(() => Task, { nullable: true, description: "One task; null when there is none of this id or it is somebody else's." })
  task(@Ctx() context: SchedulingContext, @Arg('id', () => ID, { description: 'Of the task.' }) id: string): Promise<Task | null> | null {
    const integer = integerId(id);
    return integer === undefined ? null : loadTask(context, integer);
  }

  @Access('member')
  @Query(() => TaskConnection, { description: "The caller's tasks, an admin's: everybody's; newest first. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  tasks(
    @Ctx() context: SchedulingContext,
    @Arg('filter', () => TaskFilter, { nullable: true, description: 'Only tasks that meet all of it.' }) filter?: TaskFilter | null,
    @Arg('first', () => Int, { nullable: true, description: 'Rows to answer, 20 by default, 100 at most.' }) first?: number | null,
    @Arg('after', () => String, { nullable: true, description: 'The cursor of the last row seen.' }) after?: string | null,
  ): Promise<Connection<Task>> {
    return context.services.tasks.list(context, filter ?? {}, { first: first ?? null, after: after ?? null });
  }

  @Access('peer')
  @Directive('@shareable')
  @Directive('@inaccessible')
  @Query(() => Boolean, { description: 'Whether a user has tasks that are ALLOCATING or ALLOCATED, which a user who is to be deleted must not have.' })
  ownsRunningThings(@Ctx() { services, em }: SchedulingContext, @Arg('userId', () => ID, { description: 'The user who is to be deleted.' }) userId: string): Promise<boolean> {
    return services.paths.holdsAnything(em, userId);
  }

  @Access('member')
  @Mutation(() => Task, {
    description:
      'Stores a task template and offers the resources that match it, the best 100 of them, in the order that `matchComputingResources` documents. The task is OFFERED afterwards. A clientToken makes it safe to repeat. Serves POST query_computing_resources_by_task_template. Errors: BAD_INPUT, LIMIT_EXCEEDED, CONFLICT.',
  })
  submitTask(@Ctx() context: SchedulingContext, @Arg('input', () => SubmitTaskInput, { description: 'The template of the task, and where it comes from.' }) input: SubmitTaskInput): Promise<Task> {
    return context.services.tasks.submit(context, input);
  }

  @Access('member')
  @Mutation(() => Task, {
    description:
      "Takes an offered resource for the task, or refuses it. Accepting reserves the gpu_available and cpu_available that the template asks for, gets the URL from the provider, and leaves the task ALLOCATED; a resource that it had before is given back. Refusing gives back what the task has of this resource and leaves it REFUSED (a task that has another resource keeps it). The same call again answers the same. Serves POST task_path. Errors: TASK_NOT_FOUND, RESOURCE_NOT_FOUND, NOT_OFFERED, TASK_NOT_OPEN, RESOURCE_STALE, NO_CAPACITY, NO_ADDRESS, PROVIDER_REFUSED, PROVIDER_UNREACHABLE, TIMEOUT.",
  })
  chooseTaskPath(@Ctx() context: SchedulingContext, @Arg('input', () => ChooseTaskPathInput, { description: 'The task, the resource, and whether it is taken or refused.' }) input: ChooseTaskPathInput): Promise<Task> {
    return context.services.paths.choose(context, input);
  }

  @Access('member')
  @Mutation(() => Task, {
    description: 'Ends a task and gives back what it has; RELEASED afterwards, for good. The same call again answers the same. Errors: TASK_NOT_FOUND, TASK_NOT_OPEN when it has expired.',
  })
  releaseTask(@Ctx() context: SchedulingContext, @Arg('id', () => ID, { description: 'Of the task.' }) id: string): Promise<Task> {
    return context.services.paths.release(context, id);
  }

  @FieldResolver(() => UserReference, { nullable: true, description: 'Who submitted the task; null only when machines does not answer.' })
  owner(@Root() { ownerId }: Task): UserReference {
    return { id: ownerId };
  }

  @FieldResolver(() => ComputingResourceReference, { nullable: true, description: 'The resource that the task has, or, while it is ALLOCATING, is to get; else null, as when compute-registry does not answer.' })
  chosen(@Root() { chosenResourceId }: Task): ComputingResourceReference | null {
    return chosenResourceId === null ? null : resource(chosenResourceId);
  }

  @FieldResolver(() => OfferConnection, { description: 'What was offered when the task was submitted, best first: at most 100; `totalCount` counts all matches.' })
  async offers(@Ctx() context: SchedulingContext, @Root() task: Task, @Arg('first', () => Int, { nullable: true, description: 'How many at most.' }) first?: number | null): Promise<Connection<Offer>> {
    const window = pageWindow({ first: first ?? null }, context.maxPageSize);
    const rows = (await loadOffers(scopeOf(task, context), task.id)) ?? [];
    return pageOf({ rows: rows.slice(0, window.limit + 1), window, keyOf: ({ rank }) => [rank], totalCount: task.matchCount });
  }
}

@Resolver(() => Offer)
export class OfferResolver {
  @FieldResolver(() => ComputingResourceReference, { nullable: true, description: 'The resource, as it is now; null only when compute-registry does not answer.' })
  resource(@Root() { resourceId }: Offer): ComputingResourceReference {
    return resource(resourceId);
  }
}

interface TaskChangedArguments {
  id?: string | null;
  after?: string | null;
}

@Resolver(() => TaskEvent)
export class TaskEventResolver {
  @Access('member')
  @Subscription(() => TaskEvent, {
    description:
      "Every state that a task, or any of the caller's tasks (an admin's: everybody's), enters from now on, or from behind the event `after`. Errors: TASK_NOT_FOUND, EVENT_EXPIRED, BAD_INPUT.",
    subscribe: async ({ context, args }: { context: SchedulingContext; args: TaskChangedArguments }) => {
      const task = args.id == null ? undefined : await visibleTask(context.em, context, args.id);
      return context.services.events.subscribe(context.caller, { taskId: task?.id, after: args.after }) as never;
    },
  })
  taskChanged(
    @Root() { id, at, subject, payload }: StoredEvent<{ state: TaskState }>,
    @Arg('id', () => ID, { nullable: true, description: 'Only of this task.' }) _id?: string | null,
    @Arg('after', () => ID, { nullable: true, description: 'The id of the last event that was read: what came behind it is told first.' }) _after?: string | null,
  ): TaskEvent {
    return { id, at, state: payload.state, taskId: Number(subject) };
  }

  @FieldResolver(() => Task, { description: 'The task as it is now.' })
  task(@Ctx() context: SchedulingContext, @Root() { taskId }: TaskEvent): Promise<Task> {
    return taskOfEvent(context, taskId);
  }
}
