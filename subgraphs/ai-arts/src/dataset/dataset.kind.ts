import type { ArtifactKind } from '../artifact/artifact.kind.js';
import { datasetInUse, datasetNotFound } from '../errors.js';
import { FilePurpose } from '../files/file-set.entity.js';
import { Dataset } from './dataset.entity.js';

export const datasetKind: ArtifactKind<Dataset> = { name: 'dataset', entity: Dataset, purpose: FilePurpose.DATASET, notFound: datasetNotFound, inUse: datasetInUse };
