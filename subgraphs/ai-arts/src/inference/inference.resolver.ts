import { Access, type Connection } from '@hutong/common';
import { Arg, Args, Ctx, FieldResolver, ID, Int, Mutation, Query, Resolver, Root } from 'type-graphql';
import { JobListArguments } from '../job/job.listing.js';
import { jobIfAny } from '../job/job.reference.js';
import { LogPage, readPage } from '../log/log.page.js';
import { Model } from '../model/model.entity.js';
import { loadModel } from '../model/model.reference.js';
import type { AiArtsContext } from '../services.js';
import { KeptImage } from './image.entity.js';
import { InferenceService } from './inference.entity.js';
import { CreateInferenceServiceInput, InferenceServiceConnection, Recognition, RecognizeImageInput, UploadImageInput } from './inference.types.js';

@Resolver(() => InferenceService)
export class InferenceServiceResolver {
  @Access('member')
  @Query(() => InferenceService, { nullable: true, description: 'One inference service; null when there is none of this id. Serves GET /ai_arts/api/inferences/:id. Errors: NOT_YOURS.' })
  inferenceService(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the service.' }) id: string): Promise<InferenceService | null> {
    return jobIfAny(InferenceService, context, id);
  }

  @Access('member')
  @Query(() => InferenceServiceConnection, { description: "The caller's inference services, an admin's: everybody's; by default the newest first. Serves GET /ai_arts/api/inferences. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  inferenceServices(@Ctx() context: AiArtsContext, @Args(() => JobListArguments) { filter, orderBy, direction, ...page }: JobListArguments): Promise<Connection<InferenceService>> {
    return context.services.inferenceServices.list(context, { filter, orderBy, direction }, page);
  }

  @Access('member')
  @Mutation(() => InferenceService, {
    description:
      'Has a model served. The service is QUEUED at once (UNAPPROVED when an administrator has to approve it), SCHEDULING until its worker has loaded the model and tried it, and RUNNING then, when `recognizeImage` asks it; `jobChanged` tells, `waitSeconds` waits. A worker that dies is started again; a model that cannot be served, or whose hutong.json does not fit it, makes the service FAILED, or ERROR where a server of the site has the model, and `stateReason` says why. A clientToken makes it safe to repeat. Serves POST /ai_arts/api/inferences. Errors: BAD_INPUT, LIMIT_EXCEEDED, CONFLICT, ENGINE_NOT_CONFIGURED, MODEL_NOT_FOUND, NOT_YOURS, MODEL_NOT_SERVABLE, ENGINE_REFUSED, ENGINE_NOT_ISOLATED, ENGINE_UNAVAILABLE, JOB_QUOTA_EXCEEDED, PATH_MISSING.',
  })
  createInferenceService(@Ctx() context: AiArtsContext, @Arg('input', () => CreateInferenceServiceInput, { description: 'The model, and what its service may use.' }) input: CreateInferenceServiceInput): Promise<InferenceService> {
    return context.services.inferenceServices.create(context, input);
  }

  @Access('member')
  @Mutation(() => InferenceService, {
    description:
      'Stops a service, which can be started again: PAUSING until its worker is gone, then PAUSED; requests under way are answered with an error. Nothing happens to one that is stopped or has ended. Errors: JOB_NOT_FOUND, NOT_YOURS, JOB_STATE_CONFLICT, ENGINE_NOT_CONFIGURED.',
  })
  stopInferenceService(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the service.' }) id: string): Promise<InferenceService> {
    return context.services.inferenceServices.stop(context, id);
  }

  @Access('member')
  @Mutation(() => InferenceService, {
    description:
      'Starts a service again that is PAUSED or has ended: QUEUED at once. Nothing happens to one that runs or is about to. Errors: JOB_NOT_FOUND, NOT_YOURS, JOB_STATE_CONFLICT while it is being stopped, JOB_QUOTA_EXCEEDED, and those of the engine as for createInferenceService.',
  })
  startInferenceService(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the service.' }) id: string): Promise<InferenceService> {
    return context.services.inferenceServices.start(context, id);
  }

  @Access('member')
  @Mutation(() => Boolean, { description: 'Deletes a service with its log; one that runs is ended first. It is out of sight at once. Errors: JOB_NOT_FOUND, NOT_YOURS, ENGINE_NOT_CONFIGURED.' })
  deleteInferenceService(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the service.' }) id: string): Promise<boolean> {
    return context.services.inferenceServices.delete(context, id);
  }

  @Access('member')
  @Mutation(() => KeptImage, {
    description:
      'Keeps a picture of the caller’s for a while, to be recognised by its id, or as the last one for the service. It is looked at only then. Serves POST /ai_arts/api/inferences/:id/upload_image. Errors: JOB_NOT_FOUND, NOT_YOURS, FILES_TOO_LARGE, FILE_TYPE_REFUSED, STORE_FULL, STORE_UNAVAILABLE, LIMIT_EXCEEDED.',
  })
  uploadImage(@Ctx() context: AiArtsContext, @Arg('input', () => UploadImageInput, { description: 'The picture, and the service that is to look at it.' }) input: UploadImageInput): Promise<KeptImage> {
    return context.services.recognition.upload(context, input);
  }

  @Access('member')
  @Mutation(() => Recognition, {
    description:
      'Asks a running service what a picture shows: one that comes with the request, one that was uploaded, or the last one that was. A service that sleeps is woken, and waited for. Nothing is kept, but for the drawn picture for ten minutes. Serves POST /ai_arts/api/inferences/:id/recognition. Errors: BAD_INPUT, LIMIT_EXCEEDED, JOB_NOT_FOUND, NOT_YOURS, SERVICE_NOT_RUNNING, SERVICE_BUSY, IMAGE_NOT_FOUND, FILES_TOO_LARGE, FILE_TYPE_REFUSED for what is no picture, INFERENCE_FAILED when the worker has ended meanwhile, STORE_UNAVAILABLE, STORE_FULL.',
  })
  recognizeImage(@Ctx() context: AiArtsContext, @Arg('input', () => RecognizeImageInput, { description: 'The service, the picture, and how much is to be told of it.' }) input: RecognizeImageInput): Promise<Recognition> {
    return context.services.recognition.recognize(context, input);
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The model that it serves; null when that is deleted or not to be seen.' })
  model(@Ctx() context: AiArtsContext, @Root() { modelId }: InferenceService): Promise<Model | null> | null {
    return modelId === null ? null : loadModel(context, String(modelId));
  }

  @FieldResolver(() => Int, { description: 'Requests that it is at, or that wait for it, in the process that answers this; those in other processes are not among them.' })
  queue(@Ctx() { services }: AiArtsContext, @Root() { id }: InferenceService): number {
    return services.requestCounters.at(id);
  }

  @FieldResolver(() => LogPage, {
    description:
      'A piece of the log of its worker: up to `first` lines (0 to 10,000) behind the cursor `after`, by default from the beginning, or its `last` lines; never more than 1 MiB. Errors: BAD_INPUT, ENGINE_UNAVAILABLE.',
  })
  log(
    @Ctx() { services, signal }: AiArtsContext,
    @Root() service: InferenceService,
    @Arg('after', () => String, { nullable: true, description: 'The `cursor` of a page: begins behind it.' }) after?: string | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many lines at most, counted from the beginning or from `after`.' }) first?: number | null,
    @Arg('last', () => Int, { nullable: true, description: 'How many of the last lines at most; not with `first` or `after`.' }) last?: number | null,
  ): Promise<LogPage> {
    return readPage(services.logs.of(service, 0), { after, first, last }, signal);
  }
}
