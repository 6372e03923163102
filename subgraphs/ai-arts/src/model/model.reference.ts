import { batched } from '@hutong/common';
import { findVisibleArtifacts } from '../artifact/artifact.listing.js';
import { Model } from './model.entity.js';

/** Loads models by id in one query a request; null for those the caller may not see. */
export const loadModel = batched((ids: readonly string[], scope) => findVisibleArtifacts(Model, ids, scope));
