import { batched } from '@hutong/common';
import { findVisible } from '../job/job.reference.js';
import { Notebook } from './notebook.entity.js';

/** Loads notebooks by id in one query a request; null for those the caller may not see. */
export const loadNotebook = batched((ids: readonly string[], scope) => findVisible(Notebook, ids, scope));
