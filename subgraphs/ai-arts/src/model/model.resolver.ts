import { Access, type Connection } from '@hutong/common';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ArtifactOrder } from '../artifact/artifact.types.js';
import type { FileEntry } from '../files/file-set.entity.js';
import { PageArgs } from '../paging/page.args.js';
import { StoredFileConnection } from '../files/upload.types.js';
import { SortDirection } from '../job/job.listing.js';
import type { AiArtsContext } from '../services.js';
import { Training } from '../training/training.entity.js';
import { loadTraining } from '../training/training.reference.js';
import { Model } from './model.entity.js';
import { ModelConnection, ModelFilter, RegisterModelInput, UpdateModelInput, UploadModelInput } from './model.types.js';

@Resolver(() => Model)
export class ModelResolver {
  @Access('member')
  @Query(() => Model, { nullable: true, description: "A model of the caller's, or a public one; null when there is none of this id. Serves GET /ai_arts/api/models/:id. Errors: NOT_YOURS." })
  model(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the model.' }) id: string): Promise<Model | null> {
    return context.services.models.store.find(context, id);
  }

  @Access('member')
  @Query(() => ModelConnection, { description: "The caller's models and public ones, an admin's: everybody's; newest first when nothing else is said. Serves GET /ai_arts/api/models. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  models(
    @Ctx() context: AiArtsContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => ModelFilter, { nullable: true, description: 'Only models that meet all of it.' }) filter?: ModelFilter | null,
    @Arg('orderBy', () => ArtifactOrder, { nullable: true, description: 'By default CREATED_AT.' }) orderBy?: ArtifactOrder | null,
    @Arg('direction', () => SortDirection, { nullable: true, description: 'By default DESCENDING.' }) direction?: SortDirection | null,
  ): Promise<Connection<Model>> {
    return context.services.models.listModels(context, { filter: filter ?? {}, orderBy, isAscending: direction === SortDirection.ASCENDING }, page);
  }

  @Access('member')
  @Mutation(() => Model, {
    description:
      'Makes a model of an upload, of files that administrators have put into the store, or of the output of a finished training, whose files are copied and whose lineage it keeps. Serves POST /ai_arts/api/models. Errors: BAD_INPUT, NAME_TAKEN, PATH_INVALID, PATH_MISSING, NOT_YOURS, JOB_NOT_FOUND, JOB_STATE_CONFLICT, FILES_TOO_LARGE, LIMIT_EXCEEDED, UPLOAD_FAILED when the wait is over before, STORE_FULL, STORE_UNAVAILABLE.',
  })
  registerModel(@Ctx() context: AiArtsContext, @Arg('input', () => RegisterModelInput, { description: 'What is to be a model, and what is said of it.' }) input: RegisterModelInput): Promise<Model> {
    return context.services.models.registerModel(context, input);
  }

  @Access('member')
  @Mutation(() => Model, { description: 'Takes in a file and makes it, or what it unpacks to, a model; all or nothing. Errors: those of `uploadFiles` and `registerModel`.' })
  async uploadModel(@Ctx() context: AiArtsContext, @Arg('input', () => UploadModelInput, { description: 'The file, and what is said of the model.' }) { file, dir, token, waitSeconds, ...said }: UploadModelInput): Promise<Model> {
    return context.services.models.uploadModel(context, said, { dir, token, waitSeconds }, await file);
  }

  @Access('member')
  @Mutation(() => Model, { description: 'Says something else of a model; its files stay as they are. Errors: BAD_INPUT, NAME_TAKEN, MODEL_NOT_FOUND, NOT_YOURS.' })
  updateModel(@Ctx() context: AiArtsContext, @Arg('input', () => UpdateModelInput, { description: 'The model, and what is to be said of it from now on; what is left out stays.' }) input: UpdateModelInput): Promise<Model> {
    return context.services.models.update(context, input);
  }

  @Access('member')
  @Mutation(() => Boolean, {
    description: 'Deletes a model: nobody sees it any more, its name is free, and its files go after a time of grace (AI_ARTS_DELETED_HOURS). Serves DELETE /ai_arts/api/models/:id. Errors: MODEL_NOT_FOUND, MODEL_IN_USE, NOT_YOURS.',
  })
  deleteModel(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the model.' }) id: string): Promise<boolean> {
    return context.services.models.delete(context, id);
  }

  @FieldResolver(() => Training, { nullable: true, description: 'The training that made it; null when none did, or when that is deleted or not to be seen.' })
  training(@Ctx() context: AiArtsContext, @Root() { trainingId }: Model): Promise<Training | null> | null {
    return trainingId === null ? null : loadTraining(context, trainingId);
  }

  @FieldResolver(() => StoredFileConnection, { description: 'Its files, by path. Errors: BAD_INPUT, LIMIT_EXCEEDED.' })
  files(@Ctx() context: AiArtsContext, @Root() { fileSetId, folder, fileCount }: Model, @Args(() => PageArgs) page: PageArgs): Promise<Connection<FileEntry>> {
    return context.services.uploads.files(context, { id: fileSetId, folder, fileCount }, page);
  }
}
