import { Access, badInput, type Connection } from '@hutong/common';
import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import { Dataset } from '../dataset/dataset.entity.js';
import { loadDataset } from '../dataset/dataset.reference.js';
import { JobListArguments } from '../job/job.listing.js';
import { jobIfAny, requireJob } from '../job/job.reference.js';
import { LogPage, NumberedLogPage, offsetOf, readPage } from '../log/log.page.js';
import { MetricSeries } from '../metrics/metric.series.js';
import { Model } from '../model/model.entity.js';
import { loadModelOfTraining } from '../model/model.reference.js';
import type { AiArtsContext } from '../services.js';
import { Training } from './training.entity.js';
import { CreateTrainingInput, TrainingConnection } from './training.types.js';

const MOST_TASKS = 1_000;

@Resolver(() => Training)
export class TrainingResolver {
  @Access('member')
  @Query(() => Training, { nullable: true, description: 'One training; null when there is none of this id. Errors: NOT_YOURS.' })
  training(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the training.' }) id: string): Promise<Training | null> {
    return jobIfAny(Training, context, id);
  }

  @Access('member')
  @Query(() => TrainingConnection, { description: "The caller's trainings, an admin's: everybody's; by default the newest first. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  trainings(@Ctx() context: AiArtsContext, @Args(() => JobListArguments) { filter, orderBy, direction, ...page }: JobListArguments): Promise<Connection<Training>> {
    return context.services.trainings.list(context, { filter, orderBy, direction }, page);
  }

  @Access('member')
  @Mutation(() => Training, {
    description:
      'Has a training run. It is QUEUED at once (UNAPPROVED when an administrator has to approve it), waits for its turn (users take turns), and is RUNNING, then FINISHED with its output kept, FAILED, or ERROR with the reason; `jobChanged` tells, `trainingLog` follows. Its program is started by an argument vector, never a shell: the interpreter by the ending of the start file (.py python3, .sh bash, .js node; in an environment of the site its own program), the start file, each parameter as `--<name> <value>`, `--data_path <folder>` when it has data, and `--output_path <folder>`. A clientToken makes it safe to repeat. Serves POST /ai_arts/api/trainings. Errors: BAD_INPUT, CODE_PATH_INVALID, TRAINING_TYPE_INVALID, CONFLICT, ENGINE_NOT_CONFIGURED, ENGINE_REFUSED, PATH_INVALID, PATH_MISSING, DATASET_NOT_FOUND, ENGINE_NOT_ISOLATED, ENGINE_UNAVAILABLE, JOB_QUOTA_EXCEEDED, FILES_TOO_LARGE and LIMIT_EXCEEDED when the caller has no room for code that is given as text, STORE_UNAVAILABLE, STORE_FULL.',
  })
  createTraining(@Ctx() context: AiArtsContext, @Arg('input', () => CreateTrainingInput, { description: 'The program, its data and parameters, and what it may use.' }) input: CreateTrainingInput): Promise<Training> {
    return context.services.trainings.create(context, input);
  }

  @Access('member')
  @Mutation(() => Training, {
    description:
      'Runs a training again: a new one with the same code, data, parameters and limits. A clientToken makes it safe to repeat. Errors: BAD_INPUT, CONFLICT, JOB_NOT_FOUND, NOT_YOURS, PATH_MISSING when its data was deleted, and those of the engine as for createTraining.',
  })
  resubmitTraining(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the training that is to be run again.' }) id: string, @Arg('clientToken', () => String, { nullable: true, description: '1 to 255 characters. The same token of the same user again answers the same training; with another input it is a CONFLICT.' }) clientToken?: string | null): Promise<Training> {
    return context.services.trainings.resubmit(context, id, clientToken ?? null);
  }

  @Access('member')
  @Mutation(() => Training, {
    description:
      'Ends a training: KILLING until its processes are gone (SIGTERM, and SIGKILL after JOB_STOP_GRACE_SECONDS), then KILLED; at once when it still waited. Nothing happens to one that has ended. Errors: JOB_NOT_FOUND, NOT_YOURS, ENGINE_NOT_CONFIGURED.',
  })
  stopTraining(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the training.' }) id: string): Promise<Training> {
    return context.services.trainings.stop(context, id);
  }

  @Access('member')
  @Mutation(() => Boolean, { description: 'Deletes a training with its output and its log; one that has not ended is ended first. It is out of sight at once. Errors: JOB_NOT_FOUND, NOT_YOURS, ENGINE_NOT_CONFIGURED.' })
  deleteTraining(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the training.' }) id: string): Promise<boolean> {
    return context.services.trainings.delete(context, id);
  }

  @Access('member')
  @Subscription(() => LogPage, {
    description:
      'What a training writes from now on, or from behind the cursor `after`, piece by piece; it ends with a page that is `complete` when the training has ended. Errors: JOB_NOT_FOUND, NOT_YOURS, BAD_INPUT.',
    subscribe: async ({ context, args }: { context: AiArtsContext; args: { id: string; after?: string | null; task?: number | null } }) => {
      const training = await requireJob(Training, context, args.id);
      const task = requireTask(training, args.task);
      const from = args.after == null ? offsetOf((await readPage(context.services.logs.of(training, task), { last: 0 }, context.signal)).cursor) : offsetOf(args.after);
      return context.services.logFollowers.follow(training, task, from) as never;
    },
  })
  trainingLog(
    @Root() page: LogPage,
    @Arg('id', () => ID, { description: 'Of the training.' }) _id: string,
    @Arg('after', () => String, { nullable: true, description: 'The `cursor` of the last page that was read: goes on behind it.' }) _after?: string | null,
    @Arg('task', () => Int, { nullable: true, description: 'Which task of a PSDistJob, from 0; by default 0.' }) _task?: number | null,
  ): LogPage {
    return page;
  }

  @FieldResolver(() => Dataset, { nullable: true, description: 'The dataset that it was given by its id; null when it was given none, or when that is deleted or not to be seen.' })
  dataset(@Ctx() context: AiArtsContext, @Root() { datasetId }: Training): Promise<Dataset | null> | null {
    return datasetId === null ? null : loadDataset(context, String(datasetId));
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The newest model that was made of its output; null when there is none to see.' })
  model(@Ctx() context: AiArtsContext, @Root() { id }: Training): Promise<Model | null> {
    return loadModelOfTraining(context, id);
  }

  @FieldResolver(() => LogPage, {
    description:
      'A piece of its log: up to `first` lines (0 to 10,000) behind the cursor `after`, by default from the beginning, or its `last` lines; never more than 1 MiB. All of it by asking on with `after` until `complete`. Errors: BAD_INPUT, ENGINE_UNAVAILABLE.',
  })
  log(
    @Ctx() context: AiArtsContext,
    @Root() training: Training,
    @Arg('after', () => String, { nullable: true, description: 'The `cursor` of a page: begins behind it.' }) after?: string | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many lines at most, counted from the beginning or from `after`.' }) first?: number | null,
    @Arg('last', () => Int, { nullable: true, description: 'How many of the last lines at most; not with `first` or `after`.' }) last?: number | null,
    @Arg('task', () => Int, { nullable: true, description: 'Which task of a PSDistJob, from 0; by default 0.' }) task?: number | null,
  ): Promise<LogPage> {
    return readPage(context.services.logs.of(training, requireTask(training, task)), { after, first, last }, context.signal);
  }

  @FieldResolver(() => NumberedLogPage, { description: 'Its log by pages of 2,000 lines, from 1; behind the end the last page. Serves GET /ai_arts/api/trainings/:id/log. Errors: BAD_INPUT, ENGINE_UNAVAILABLE.' })
  logPage(@Ctx() context: AiArtsContext, @Root() training: Training, @Arg('pageNum', () => Int, { nullable: true, description: 'From 1; by default 1.' }) pageNum?: number | null): Promise<NumberedLogPage> {
    if (pageNum != null && pageNum < 1) throw badInput({ field: 'pageNum', problem: `expected an integer from 1, got ${pageNum}` });
    return context.services.logIndexes.page(context.services.logs.of(training, 0), pageNum ?? 1, context.signal);
  }

  @FieldResolver(() => [MetricSeries], {
    description:
      'What it tells of itself, or the one series of this name: from lines of its log (of task 0) that are a JSON object with a number `step`, such as `{"step": 20, "total": 100, "loss": 0.3}`; every number beside `step` and `total` is a metric. Up to 64 names; seen within some seconds.',
  })
  metrics(@Ctx() { services, em }: AiArtsContext, @Root() { id }: Training, @Arg('name', () => String, { nullable: true, description: 'Only the series of this name.' }) name?: string | null): Promise<MetricSeries[]> {
    return services.metrics.seriesOf(em.fork(), id, name ?? null);
  }
}

/** @throws BAD_INPUT when the training has no such task */
function requireTask({ tasks }: Training, task: number | null | undefined): number {
  if (task == null) return 0;
  if (task < 0 || task >= Math.min(tasks, MOST_TASKS)) throw badInput({ field: 'task', problem: `expected an integer from 0 to ${tasks - 1}, got ${task}` });
  return task;
}
