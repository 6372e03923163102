import { batched, inOrderOf } from '@hutong/common';
import type { FilterQuery } from '@mikro-orm/postgresql';
import { findVisibleArtifacts, visibleArtifacts } from '../artifact/artifact.listing.js';
import { Model } from './model.entity.js';

/** Loads models by id in one query a request; null for those the caller may not see. */
export const loadModel = batched((ids: readonly string[], scope) => findVisibleArtifacts(Model, ids, scope));

/** Loads the newest model that the caller may see of each training; null where there is none. */
export const loadModelOfTraining = batched(async (trainingIds: readonly string[], scope) => {
  const models = await scope.em.fork().find(Model, { $and: [{ trainingId: { $in: [...trainingIds] } }, visibleArtifacts(scope)] } as FilterQuery<Model>, { orderBy: { id: 'asc' } });
  return inOrderOf<string | null, Model>(trainingIds, models, ({ trainingId }) => trainingId);
});
