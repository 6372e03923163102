import { Access, UserReference, type Connection, type StoredEvent } from '@hutong/common';
import { Arg, Args, Ctx, FieldResolver, ID, Mutation, Query, Resolver, Root, Subscription } from 'type-graphql';
import type { AiArtsContext } from '../services.js';
import { FileSet, type FileEntry } from './file-set.entity.js';
import { loadFileSet } from './file-set.reference.js';
import type { UploadStep } from './upload.events.js';
import { PageArgs } from '../paging/page.args.js';
import { RegisterFilesInput, StoredFileConnection, UploadEvent, UploadFilesInput } from './upload.types.js';

@Resolver(() => FileSet)
export class FileSetResolver {
  @Access('member')
  @Query(() => FileSet, { nullable: true, description: 'A set of files that the caller may use, by its id; null when there is none to see.' })
  fileSet(@Ctx() context: AiArtsContext, @Arg('id', () => ID, { description: 'Of the set.' }) id: string): Promise<FileSet | null> {
    return loadFileSet(context, id);
  }

  @Access('member')
  @Mutation(() => FileSet, {
    description:
      'Keeps a file, or what an archive unpacks to after every entry of it was checked, all or nothing. Its `path` is what codePath, datasetPath and path ask for. What nothing uses within a day (a setting) is deleted. Serves the upload routes of ai-arts. Errors: PATH_INVALID, FILE_TYPE_REFUSED, ARCHIVE_BROKEN, FILES_TOO_LARGE, LIMIT_EXCEEDED, STORE_FULL, STORE_UNAVAILABLE, UPLOAD_FAILED, BAD_INPUT.',
  })
  async uploadFiles(@Ctx() context: AiArtsContext, @Arg('input', () => UploadFilesInput, { description: 'The file, and what it is for.' }) { file, ...request }: UploadFilesInput): Promise<FileSet> {
    return context.services.uploads.upload(context, request, await file);
  }

  @Access('member')
  @Mutation(() => FileSet, {
    description:
      'Makes files that administrators have put into the store below `shared/` a set, as they are now; they stay there when the set is deleted. Its `path` is what codePath, datasetPath and path ask for. May be repeated: each time another set. Errors: PATH_INVALID, PATH_MISSING, FILES_TOO_LARGE, STORE_UNAVAILABLE, BAD_INPUT, LIMIT_EXCEEDED.',
  })
  registerFiles(@Ctx() context: AiArtsContext, @Arg('input', () => RegisterFilesInput, { description: 'Where the files are, and what they are for.' }) input: RegisterFilesInput): Promise<FileSet> {
    return context.services.uploads.register(context, input);
  }

  @FieldResolver(() => StoredFileConnection, { description: 'Its files, by path. Errors: BAD_INPUT, LIMIT_EXCEEDED.' })
  files(
    @Ctx() context: AiArtsContext,
    @Root() fileSet: FileSet,
    @Args(() => PageArgs) page: PageArgs,
  ): Promise<Connection<FileEntry>> {
    const { id, fileCount } = fileSet;
    return context.services.uploads.files(context, { id, fileCount, folder: '' }, page);
  }

  @FieldResolver(() => UserReference, { nullable: true, description: 'Whose files they are; null only when machines does not answer.' })
  owner(@Root() { ownerId }: FileSet): UserReference {
    return { id: ownerId };
  }
}

@Resolver(() => UploadEvent)
export class UploadEventResolver {
  @Access('member')
  @Subscription(() => UploadEvent, {
    description: "How the caller's uploads come along, resumable ones too, all or those with a token, from now on or from behind the event `after`. Errors: EVENT_EXPIRED, BAD_INPUT.",
    subscribe: (({ context, args }: { context: AiArtsContext; args: { token?: string | null; after?: string | null } }) => context.services.uploadEvents.subscribe(context.caller, args)) as never,
  })
  uploadProgress(
    @Root() { id, at, subject, payload: { state, stateReason, token, receivedBytes, unpackedFiles, totalFiles } }: StoredEvent<UploadStep>,
    @Arg('token', () => String, { nullable: true, description: 'Only uploads that came with this token.' }) _token?: string | null,
    @Arg('after', () => ID, { nullable: true, description: 'The last event already seen: what came behind it is replayed first.' }) _after?: string | null,
  ): UploadEvent {
    return { id, at, state, stateReason, token, receivedBytes, unpackedFiles, totalFiles, fileSetId: subject };
  }

  @FieldResolver(() => FileSet, { nullable: true, description: 'The files as they are now; null when they are gone, and for a resumable upload until its last byte has come.' })
  fileSet(@Ctx() context: AiArtsContext, @Root() { fileSetId }: UploadEvent): Promise<FileSet | null> {
    return loadFileSet(context, fileSetId);
  }
}
