import { Access, type Connection } from '@hutong/common';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root } from 'type-graphql';
import { ArtifactOrder } from '../artifact/artifact.types.js';
import type { FileEntry } from '../files/file-set.entity.js';
import { PageArgs } from '../paging/page.args.js';
import { StoredFileConnection } from '../files/upload.types.js';
import { SortDirection } from '../job/job.listing.js';
import type { AiArtsContext } from '../services.js';
import { Dataset } from './dataset.entity.js';
import { DatasetConnection, DatasetFilter, RegisterDatasetInput, UpdateDatasetInput, UploadDatasetInput } from './dataset.types.js';

const nothingElse = async () => ({});

@Resolver(() => Dataset)
export class DatasetResolver {
  @Access('member')
  @Query(() => Dataset, { nullable: true, description: "A dataset of the caller's, or a public one; null when there is none of this id. Serves GET /ai_arts/api/datasets/:id. Errors: NOT_YOURS." })
  dataset(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the dataset.' }) id: string): Promise<Dataset | null> {
    return context.services.datasets.store.find(context, id);
  }

  @Access('member')
  @Query(() => DatasetConnection, { description: "The caller's datasets and public ones, an admin's: everybody's; newest first when nothing else is said. Serves GET /ai_arts/api/datasets. Errors: BAD_INPUT, LIMIT_EXCEEDED." })
  datasets(
    @Ctx() context: AiArtsContext,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('filter', () => DatasetFilter, { nullable: true, description: 'Only datasets that meet all of it.' }) filter?: DatasetFilter | null,
    @Arg('orderBy', () => ArtifactOrder, { nullable: true, description: 'By default CREATED_AT.' }) orderBy?: ArtifactOrder | null,
    @Arg('direction', () => SortDirection, { nullable: true, description: 'By default DESCENDING.' }) direction?: SortDirection | null,
  ): Promise<Connection<Dataset>> {
    return context.services.datasets.list(context, { filter: filter ?? {}, orderBy, isAscending: direction === SortDirection.ASCENDING }, page);
  }

  @Access('member')
  @Mutation(() => Dataset, {
    description:
      'Makes a dataset of an upload, or of files that administrators have put into the store; its files are kept as long as it is there. Serves POST /ai_arts/api/datasets and /register. Errors: BAD_INPUT, NAME_TAKEN, PATH_INVALID, PATH_MISSING, NOT_YOURS, FILES_TOO_LARGE, LIMIT_EXCEEDED, UPLOAD_FAILED when the wait is over before, STORE_UNAVAILABLE.',
  })
  registerDataset(@Ctx() context: AiArtsContext, @Arg('input', () => RegisterDatasetInput, { description: 'What is to be a dataset, and what is said of it.' }) { path, waitSeconds, ...said }: RegisterDatasetInput): Promise<Dataset> {
    return context.services.datasets.register(context, said, { path, waitSeconds }, nothingElse);
  }

  @Access('member')
  @Mutation(() => Dataset, { description: 'Takes in a file and makes it, or what it unpacks to, a dataset; all or nothing. Errors: those of `uploadFiles` and `registerDataset`.' })
  async uploadDataset(@Ctx() context: AiArtsContext, @Arg('input', () => UploadDatasetInput, { description: 'The file, and what is said of the dataset.' }) { file, dir, token, waitSeconds, ...said }: UploadDatasetInput): Promise<Dataset> {
    return context.services.datasets.upload(context, said, { dir, token, waitSeconds }, await file, nothingElse);
  }

  @Access('member')
  @Mutation(() => Dataset, { description: 'Says something else of a dataset; its files stay as they are. Errors: BAD_INPUT, NAME_TAKEN, DATASET_NOT_FOUND, NOT_YOURS.' })
  updateDataset(@Ctx() context: AiArtsContext, @Arg('input', () => UpdateDatasetInput, { description: 'The dataset, and what is to be said of it from now on; what is left out stays.' }) input: UpdateDatasetInput): Promise<Dataset> {
    return context.services.datasets.update(context, input);
  }

  @Access('member')
  @Mutation(() => Boolean, {
    description: 'Deletes a dataset: nobody sees it any more, its name is free, and its files go after a time of grace (AI_ARTS_DELETED_HOURS). Serves DELETE /ai_arts/api/datasets/:id. Errors: DATASET_NOT_FOUND, DATASET_IN_USE, NOT_YOURS.',
  })
  deleteDataset(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the dataset.' }) id: string): Promise<boolean> {
    return context.services.datasets.delete(context, id);
  }

  @FieldResolver(() => StoredFileConnection, { description: 'Its files, by path. Errors: BAD_INPUT, LIMIT_EXCEEDED.' })
  files(@Ctx() context: AiArtsContext, @Root() { fileSetId, folder, fileCount }: Dataset, @Args(() => PageArgs) page: PageArgs): Promise<Connection<FileEntry>> {
    return context.services.uploads.files(context, { id: fileSetId, folder, fileCount }, page);
  }
}
