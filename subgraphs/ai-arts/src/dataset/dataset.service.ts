import type { RequestScope } from '@hutong/common';
import { ArtifactService } from '../artifact/artifact.service.js';
import type { FileSets } from '../files/file-sets.js';
import type { UploadService } from '../files/upload.service.js';
import type { Dataset } from './dataset.entity.js';
import { datasetKind } from './dataset.kind.js';

/** What users ask of datasets; see the mutations of the same names. */
export class DatasetService extends ArtifactService<Dataset> {
  constructor(parts: { files: FileSets; uploads: UploadService }) {
    super(datasetKind, parts);
  }

  /**
   * A dataset for a job to read, which is to claim its files in the transaction that stores the job: then it cannot be deleted.
   *
   * @throws DATASET_NOT_FOUND, NOT_YOURS
   */
  forJob(scope: Pick<RequestScope, 'em' | 'caller'>, id: string, field?: string): Promise<Dataset> {
    return this.store.require(scope, id, field);
  }
}
