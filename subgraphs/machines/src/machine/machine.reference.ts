import { batched, inOrderOf } from '@hutong/common';
import { selectMachines } from './machine.table.js';

/** Loads machines by id in one batch; null for those the caller may not see. */
export const loadMachine = batched(async (ids: readonly number[], scope) =>
  inOrderOf(ids, await selectMachines(scope.em, scope, { ids }, { afterId: null, offset: 0, limit: ids.length }), ({ id }) => id),
);
