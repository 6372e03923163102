import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { CloudResource, MachineReference } from '../drivers/driver.js';

type Row = CloudResource & { machineId: string };

/** What exists in the cloud for each of these machines, in the order of its making. */
export async function referencesOf(em: EntityManager, machineIds: readonly string[]): Promise<MachineReference[]> {
  const rows = await sql<Row>(
    em,
    `select virtual_machine_id as "machineId", kind, cloud_id as id from cloud_vm.made_resource where virtual_machine_id = any ($1::uuid[]) order by sequence`,
    [machineIds],
  );
  const byMachine = Map.groupBy(rows, ({ machineId }) => machineId);
  return machineIds.map((id) => ({ id, made: (byMachine.get(id) ?? []).map(({ kind, id: cloudId }) => ({ kind, id: cloudId })) }));
}

/** Writes down that a thing was made; to write it twice is no fault. */
export async function recordMade(em: EntityManager, machineId: string, { kind, id }: CloudResource): Promise<void> {
  await sql(em, 'insert into cloud_vm.made_resource (virtual_machine_id, kind, cloud_id) values ($1, $2, $3) on conflict do nothing', [machineId, kind, id]);
}

/** Strikes out a thing that is gone. */
export async function recordReleased(em: EntityManager, machineId: string, { kind, id }: CloudResource): Promise<void> {
  await sql(em, 'delete from cloud_vm.made_resource where virtual_machine_id = $1 and kind = $2 and cloud_id = $3', [machineId, kind, id]);
}
