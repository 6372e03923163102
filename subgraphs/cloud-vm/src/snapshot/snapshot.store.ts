import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cloud } from '../cloud/cloud.js';
import { CloudError, type MachineReference } from '../drivers/driver.js';
import { Snapshot } from './snapshot.entity.js';

/** Writes down that the pending snapshot of a machine, where there is one, will never be. */
export async function failPendingSnapshot(em: EntityManager, virtualMachineId: string, reason: string): Promise<void> {
  await em.nativeUpdate(Snapshot, { virtualMachineId, state: 'PENDING' }, { state: 'FAILED', reason });
}

/** Snapshots as they are taken: the machine's errand says that, and the PENDING row which. */
export class SnapshotStore {
  constructor(private readonly parts: { fork: () => EntityManager; cloud: Cloud }) {}

  /** Takes the machine's pending snapshot. When that fails in the cloud, what there is of the image is deleted: should it be tried again, it begins anew. */
  async take(machine: MachineReference, signal: AbortSignal): Promise<void> {
    const { fork, cloud } = this.parts;
    const em = fork();
    const snapshot = await em.findOne(Snapshot, { virtualMachineId: machine.id, state: 'PENDING' });
    if (!snapshot) return;
    try {
      const { id, name, sizeBytes, createdAt } = await cloud.driver.snapshot(machine, { id: snapshot.id, name: snapshot.name }, signal);
      Object.assign(snapshot, { state: 'READY', image: { id, name, sizeBytes, createdAt: createdAt?.toISOString() ?? null } });
      await em.flush();
      cloud.forget();
    } catch (error) {
      const isPassing = signal.aborted || (error instanceof CloudError && (error.fault === 'BUSY' || error.fault === 'UNREACHABLE'));
      if (!isPassing) await cloud.driver.deleteSnapshot(snapshot.id, signal);
      throw error;
    }
  }

  /** The machine goes away: a snapshot that is pending will never be. */
  async giveUp(virtualMachineId: string, signal: AbortSignal): Promise<void> {
    const em = this.parts.fork();
    const snapshot = await em.findOne(Snapshot, { virtualMachineId, state: 'PENDING' });
    if (!snapshot) return;
    await this.parts.cloud.driver.deleteSnapshot(snapshot.id, signal);
    await failPendingSnapshot(em, virtualMachineId, 'the machine was destroyed');
  }
}
