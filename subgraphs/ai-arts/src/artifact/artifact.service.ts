import type { Connection, PageArguments, RequestScope, UploadedFile } from '@hutong/common';
import type { FilterQuery } from '@mikro-orm/postgresql';
import { uploadFailed } from '../errors.js';
import { FilePurpose, type FileSet } from '../files/file-set.entity.js';
import type { FileSets, ResolvedPath } from '../files/file-sets.js';
import { isShared } from '../files/shared-files.js';
import { FileSetState } from '../files/file-set.states.js';
import type { UploadRequest } from '../files/upload.check.js';
import type { UploadService } from '../files/upload.service.js';
import type { Artifact } from './artifact.entity.js';
import type { ArtifactKind } from './artifact.kind.js';
import { listArtifacts, type ArtifactListing } from './artifact.listing.js';
import { readArtifact, type ArtifactRequest } from './artifact.request.js';
import { ArtifactStore } from './artifact.store.js';
import type { ArtifactInput, UpdateArtifactInput } from './artifact.types.js';

interface ServiceParts {
  files: FileSets;
  uploads: UploadService;
}

/** How an upload of files is asked for, beside what is said of what becomes of them. */
export type ArtifactUpload = Pick<UploadRequest, 'dir' | 'token' | 'waitSeconds'>;

/** Where the files are that are to be registered. */
export interface RegisteredFiles {
  path: string;
  waitSeconds?: number | null | undefined;
}

/** What users ask of datasets, or of models. */
export class ArtifactService<Row extends Artifact> {
  readonly store: ArtifactStore<Row>;

  constructor(
    private readonly kind: ArtifactKind<Row>,
    protected readonly parts: ServiceParts,
  ) {
    this.store = new ArtifactStore(kind, parts.files);
  }

  list(scope: RequestScope, listing: ArtifactListing & { also?: FilterQuery<Row> }, page: PageArguments): Promise<Connection<Row>> {
    return listArtifacts(this.kind.entity, scope, listing, page);
  }

  /** Takes in a file, and makes one of what it becomes; nothing of it stays when that fails. */
  async upload(scope: RequestScope, input: ArtifactInput, { dir, token, waitSeconds }: ArtifactUpload, file: UploadedFile, special: (files: FileSet) => Promise<Partial<Row>>): Promise<Row> {
    const request = readArtifact(input);
    await this.store.requireFree(scope, request);
    const fileSet = await this.parts.uploads.upload(scope, { dir, token, waitSeconds, purpose: this.#purpose, isPrivate: request.isPrivate }, file);
    return this.make(scope, request, whole(fileSet), await special(fileSet));
  }

  /** Makes one of files that are there already; see `registerDataset`. */
  async register(scope: RequestScope, input: ArtifactInput, { path, waitSeconds }: RegisteredFiles, special: (files: FileSet) => Promise<Partial<Row>>): Promise<Row> {
    const request = readArtifact(input);
    await this.store.requireFree(scope, request);
    if (!isShared(path)) {
      const resolved = await this.parts.files.resolve(scope, path, this.kind.purpose, 'input.path');
      return this.store.create(scope, request, resolved, await special(resolved.fileSet));
    }
    const fileSet = await this.parts.uploads.register(scope, { path, purpose: this.#purpose, waitSeconds });
    return this.make(scope, request, whole(fileSet), await special(fileSet));
  }

  update(scope: RequestScope, input: UpdateArtifactInput): Promise<Row> {
    return this.store.update(scope, input);
  }

  async delete(scope: RequestScope, id: string): Promise<boolean> {
    await this.store.delete(scope, id);
    return true;
  }

  /** Makes one of files that came for it alone, which go when it cannot be made. */
  protected async make(scope: RequestScope, request: ArtifactRequest, resolved: ResolvedPath, special: Partial<Row>): Promise<Row> {
    try {
      return await this.store.create(scope, request, resolved, special);
    } catch (error) {
      await this.parts.files.discard(resolved.fileSet.id, 0);
      throw error;
    }
  }

  get #purpose(): FilePurpose {
    return this.kind.purpose ?? FilePurpose.MODEL;
  }
}

/** All that a set shows, once it is READY. @throws UPLOAD_FAILED while it is not; it goes on */
function whole(fileSet: FileSet): ResolvedPath {
  if (fileSet.state !== FileSetState.READY) throw uploadFailed({ words: `its files take longer than the answer waits for (input.waitSeconds); register ${fileSet.path} when uploadProgress tells that it is READY` });
  return { fileSet, folder: fileSet.folder };
}
