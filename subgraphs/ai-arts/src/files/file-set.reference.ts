import { batched, inOrderOf, isAdmin, isUuid } from '@hutong/common';
import { FileSet } from './file-set.entity.js';

/** Loads sets by id in one query a request; null for those the caller may not use. */
export const loadFileSet = batched(async (ids: readonly string[], { em, caller }) => {
  const visible = isAdmin(caller) ? {} : { $or: [{ ownerId: caller.userId ?? '' }, { isPrivate: false }] };
  const rows = await em.fork().find(FileSet, { $and: [{ id: { $in: ids.filter(isUuid) } }, visible] });
  return inOrderOf(ids, rows, ({ id }) => id);
});
