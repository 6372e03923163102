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
}
