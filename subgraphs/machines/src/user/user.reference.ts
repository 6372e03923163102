import { batched, inOrderOf, mayAccessOwned } from '@hutong/common';
import { isUuid } from '../input/ids.js';
import { User } from './user.entity.js';

/** Loads users by id in one batch, deleted ones included: a member itself only, an admin or a peer anybody. */
export const loadUser = batched(async (ids: readonly string[], { em, caller, origin }) => {
  const visible = ids.filter((id) => isUuid(id) && (origin === 'peer' || mayAccessOwned(caller, id)));
  if (visible.length === 0) return ids.map(() => null);
  return inOrderOf(ids, await em.fork().find(User, { id: { $in: visible } }), (user) => user.id);
});
