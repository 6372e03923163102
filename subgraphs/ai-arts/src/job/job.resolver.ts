import { Access, type StoredEvent } from '@hutong/common';
import { Arg, Ctx, Directive, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { AiArtsContext } from '../services.js';
import { Job } from './job.entity.js';
import type { JobChange } from './job.events.js';
import { anyJob, jobIfAny, requireJob } from './job.reference.js';
import { JobEvent } from './job.types.js';

interface ChangedArguments {
  id?: string | null;
  after?: string | null;
}

@Resolver(() => JobEvent)
export class JobResolver {
  @Access('peer')
  @Directive('@shareable')
  @Directive('@inaccessible')
  @Query(() => Boolean, { description: 'Whether a user has notebooks, trainings or services that have not ended, which a user who is to be deleted must not have.' })
  ownsRunningThings(@Ctx() { services, em }: AiArtsContext, @Arg('userId', () => ID, { description: 'The user who is to be deleted.' }) userId: string): Promise<boolean> {
    return services.jobs.ownsAnything(em, userId);
  }

  @Access('admin')
  @Mutation(() => Job, { description: 'Lets a job in UNAPPROVED (JOB_APPROVAL) take its turn: QUEUED at once. Nothing happens to one that needs no approval any more. Errors: JOB_NOT_FOUND.' })
  async approveJob(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the notebook, training or service.' }) id: string): Promise<Job> {
    await requireJob(anyJob, context, id);
    return context.services.jobs.approve(id);
  }

  @Access('member')
  @Subscription(() => JobEvent, {
    description:
      "Every state that a notebook, training or service, or any of the caller's (an admin's: everybody's), enters from now on, or from behind the event `after`. Errors: JOB_NOT_FOUND, NOT_YOURS, EVENT_EXPIRED, BAD_INPUT.",
    subscribe: async ({ context, args }: { context: AiArtsContext; args: ChangedArguments }) => {
      const job = args.id == null ? undefined : await requireJob(anyJob, context, args.id);
      return context.services.jobEvents.subscribe(context.caller, { id: job?.id, after: args.after }) as never;
    },
  })
  jobChanged(
    @Root() { id, at, subject, payload }: StoredEvent<JobChange>,
    @Arg('id', () => ID, { nullable: true, description: 'Only of this notebook, training or service.' }) _id?: string | null,
    @Arg('after', () => ID, { nullable: true, description: 'The id of the last event that was read: what came behind it is told first.' }) _after?: string | null,
  ): JobEvent {
    return { id, at, state: payload.state, jobId: subject };
  }

  @FieldResolver(() => Job, { nullable: true, description: 'The job as it is now; null when it was deleted since.' })
  job(@Ctx() context: AiArtsContext, @Root() { jobId }: JobEvent): Promise<Job | null> {
    return jobIfAny(anyJob, context, jobId);
  }
}
