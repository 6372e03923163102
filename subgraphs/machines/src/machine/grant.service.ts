import { badInput, notFound, sql, type RequestScope } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { ChangeFeed } from '../change/change.feed.js';
import { isUuid, machineIdOf } from '../input/ids.js';
import { selectMachines } from './machine.table.js';
import type { GrantMachineInput, Machine } from './machine.types.js';

/** Who may see which machine. */
export class GrantService {
  readonly #changes: ChangeFeed;

  constructor(changes: ChangeFeed) {
    this.#changes = changes;
  }

  /** Grants a machine to a user or to everyone, or takes the grant back; again changes nothing. NOT_FOUND names what is missing. */
  async grant(scope: RequestScope, { machineId, userId, everyone, revoke }: GrantMachineInput): Promise<Machine> {
    if ((userId != null) === (everyone === true)) throw badInput({ field: 'input.userId', problem: 'give either userId or everyone: true' });
    const id = machineIdOf(machineId);
    if (id === null) throw notFound({ what: 'machine', field: 'input.machineId' });
    return this.#changes.inventoryChange(scope.em, async (em) => {
      if (userId == null) await grantToEveryone(em, id, !revoke);
      else await grantToUser(em, id, userId, !revoke);
      const [machine] = await selectMachines(em, scope, { ids: [id] }, { afterId: null, offset: 0, limit: 1 });
      if (!machine) throw notFound({ what: 'machine', field: 'input.machineId' });
      return machine;
    });
  }
}

async function grantToEveryone(em: EntityManager, machineId: number, isGranted: boolean): Promise<void> {
  await sql(em, 'update machines.machine set granted_to_everyone = $2 where id = $1', [machineId, isGranted]);
}

async function grantToUser(em: EntityManager, machineId: number, userId: string, isGranted: boolean): Promise<void> {
  // Locked, so that a user who is being deleted at the same moment keeps no grant.
  const users = isUuid(userId) ? await sql(em, 'select 1 from machines.user_account where id = $1 and deleted_at is null for share', [userId]) : [];
  if (users.length === 0) throw notFound({ what: 'user', field: 'input.userId' });
  await sql(
    em,
    isGranted
      ? 'insert into machines.machine_grant (machine_id, user_id) select id, $2 from machines.machine where id = $1 on conflict do nothing'
      : 'delete from machines.machine_grant where machine_id = $1 and user_id = $2',
    [machineId, userId],
  );
}
