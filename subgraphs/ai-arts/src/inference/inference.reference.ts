import { batched } from '@hutong/common';
import { findVisible } from '../job/job.reference.js';
import { InferenceService } from './inference.entity.js';

/** Loads services by id in one query a request; null for those the caller may not see. */
export const loadInferenceService = batched((ids: readonly string[], scope) => findVisible(InferenceService, ids, scope));
