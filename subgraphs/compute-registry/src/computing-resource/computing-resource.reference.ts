import { batched, inOrderOf } from '@hutong/common';
import type { RegistryContext } from '../services.js';
import type { ComputingResource } from './computing-resource.entity.js';

/** Resources by id, one query for all that a request asks for in a tick. */
export const loadResource = batched<number, ComputingResource>(async (ids, scope) => {
  const rows = await (scope as RegistryContext).services.resources.byIds(ids);
  return inOrderOf(ids, rows, ({ id }) => id);
});
