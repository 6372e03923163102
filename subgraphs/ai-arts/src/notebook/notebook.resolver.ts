import { Access, type Connection } from '@hutong/common';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { JobListArguments } from '../job/job.listing.js';
import { jobIfAny } from '../job/job.reference.js';
import type { AiArtsContext } from '../services.js';
import { Notebook } from './notebook.entity.js';
import { CreateNotebookInput, NotebookConnection } from './notebook.types.js';

@Resolver(() => Notebook)
export class NotebookResolver {
  @Access('member')
  @Query(() => Notebook, { nullable: true, description: 'One notebook; null when there is none of this id. Errors: NOT_YOURS.' })
  notebook(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the notebook.' }) id: string): Promise<Notebook | null> {
    return jobIfAny(Notebook, context, id);
  }

  @Access('member')
  @Query(() => NotebookConnection, { description: "The caller's notebooks, an admin's: everybody's; by default the newest first. Serves GET /ai_arts/api/codes. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  notebooks(@Ctx() context: AiArtsContext, @Args(() => JobListArguments) { filter, orderBy, direction, ...page }: JobListArguments): Promise<Connection<Notebook>> {
    return context.services.notebooks.list(context, { filter, orderBy, direction }, page);
  }

  @Access('member')
  @Mutation(() => Notebook, {
    description:
      'Makes a notebook and has it started. It is QUEUED at once (UNAPPROVED when an administrator has to approve it), waits for its turn, is SCHEDULING until its Jupyter server answers, and RUNNING then, when `openUrl` opens it; `jobChanged` tells. A clientToken makes it safe to repeat. Serves POST /ai_arts/api/codes. Errors: BAD_INPUT, CONFLICT, ENGINE_NOT_CONFIGURED, ENGINE_REFUSED, ENGINE_NOT_ISOLATED, ENGINE_UNAVAILABLE, NOTEBOOK_UNAVAILABLE, PATH_INVALID, PATH_MISSING, JOB_QUOTA_EXCEEDED.',
  })
  createNotebook(@Ctx() context: AiArtsContext, @Arg('input', () => CreateNotebookInput, { description: 'Its environment and files, and what it may use.' }) input: CreateNotebookInput): Promise<Notebook> {
    return context.services.notebooks.create(context, input);
  }

  @Access('member')
  @Mutation(() => Notebook, {
    description:
      'Stops a notebook, which keeps its files: PAUSING until its processes are gone, then PAUSED; what its kernels held in memory is lost. Nothing happens to one that is stopped or has ended. Errors: JOB_NOT_FOUND, NOT_YOURS, JOB_STATE_CONFLICT, ENGINE_NOT_CONFIGURED.',
  })
  stopNotebook(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the notebook.' }) id: string): Promise<Notebook> {
    return context.services.notebooks.stop(context, id);
  }

  @Access('member')
  @Mutation(() => Notebook, {
    description:
      'Starts a notebook again, with the files that it had: QUEUED at once. Nothing happens to one that runs or is about to. Errors: JOB_NOT_FOUND, NOT_YOURS, JOB_STATE_CONFLICT while it is being stopped, JOB_QUOTA_EXCEEDED, NOTEBOOK_UNAVAILABLE, and those of the engine as for createNotebook.',
  })
  startNotebook(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the notebook.' }) id: string): Promise<Notebook> {
    return context.services.notebooks.start(context, id);
  }

  @Access('member')
  @Mutation(() => Boolean, { description: 'Deletes a notebook with all its files; one that runs is ended first. It is out of sight at once. Serves DELETE /ai_arts/api/codes/:id. Errors: JOB_NOT_FOUND, NOT_YOURS, ENGINE_NOT_CONFIGURED.' })
  deleteNotebook(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the notebook.' }) id: string): Promise<boolean> {
    return context.services.notebooks.delete(context, id);
  }

  @Access('member')
  @Mutation(() => Notebook, { description: 'Says something else about a notebook; an empty text says nothing. Serves POST /ai_arts/api/codes/:id/description. Errors: BAD_INPUT, JOB_NOT_FOUND, NOT_YOURS.' })
  describeNotebook(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the notebook.' }) id: string, @Arg('description', () => String, { description: 'Up to 10,000 characters.' }) description: string): Promise<Notebook> {
    return context.services.notebooks.describe(context, id, description);
  }

  @FieldResolver(() => String, {
    nullable: true,
    description:
      'For a browser: a link that opens the notebook at NOTEBOOK_ORIGIN, once, within two minutes; the session that it begins ends with the credential that it was asked for with. Null for others than its owner, administrators included, and while it does not run.',
  })
  openUrl(@Ctx() context: AiArtsContext, @Root() notebook: Notebook): string | null {
    return context.services.notebooks.openUrl(context, notebook);
  }
}
