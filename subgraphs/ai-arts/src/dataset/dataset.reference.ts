import { batched } from '@hutong/common';
import { findVisibleArtifacts } from '../artifact/artifact.listing.js';
import { Dataset } from './dataset.entity.js';

/** Loads datasets by id in one query a request; null for those the caller may not see. */
export const loadDataset = batched((ids: readonly string[], scope) => findVisibleArtifacts(Dataset, ids, scope));
