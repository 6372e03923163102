import { batched } from '@hutong/common';
import { findVisible } from '../job/job.reference.js';
import { Training } from './training.entity.js';

/** Loads trainings by id in one query a request; null for those the caller may not see. */
export const loadTraining = batched((ids: readonly string[], scope) => findVisible(Training, ids, scope));
