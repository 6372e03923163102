import { batched, inOrderOf, isAdmin, isUuid, type RequestScope } from '@hutong/common';
import type { EntityManager, FilterQuery } from '@mikro-orm/postgresql';
import { virtualMachineNotFound } from '../errors.js';
import { VirtualMachine } from './virtual-machine.entity.js';

/** What a caller sees of all machines: its own, an admin everything. */
export const visibleMachines = ({ caller }: Pick<RequestScope, 'caller'>): FilterQuery<VirtualMachine> => (isAdmin(caller) ? {} : { ownerId: caller.userId ?? '' });

/** Loads machines by id in one query a request; null for those the caller may not see. */
export const loadVirtualMachine = batched(async (ids: readonly string[], scope) => {
  const rows = await scope.em.find(VirtualMachine, { $and: [{ id: { $in: ids.filter(isUuid) } }, visibleMachines(scope)] });
  return inOrderOf(ids, rows, ({ id }) => id);
});

/** A machine as it is now, on an EntityManager of its own. @throws VM_NOT_FOUND when the caller may not see it */
export async function visibleMachine(em: EntityManager, scope: Pick<RequestScope, 'caller'>, id: string, field?: string): Promise<VirtualMachine> {
  const machine = isUuid(id) ? await em.fork().findOne(VirtualMachine, { $and: [{ id }, visibleMachines(scope)] }) : null;
  if (!machine) throw virtualMachineNotFound({ id, ...(field === undefined ? {} : { field }) });
  return machine;
}
