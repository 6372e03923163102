import type { EntityManager } from '@mikro-orm/postgresql';
import type { Cloud } from '../cloud/cloud.js';
import { CloudError, type MachineReference } from '../drivers/driver.js';
import { Snapshot } from './snapshot.entity.js';

/** Snapshots as they are taken: the machine's errand says that, and the PENDING row which. */
export class SnapshotStore {
  constructor(private readonly parts: { fork: () => EntityManager; cloud: Cloud }) {}

  /** Takes the machine's pending snapshot. A failure that will not pass is written down with it, and what there is of the image is deleted. */
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
      if (!(error instanceof CloudError) || error.fault === 'BUSY' || error.fault === 'UNREACHABLE') throw error;
      await this.#fail(em, snapshot, error.message, signal);
      throw error;
    }
  }

  /** The machine goes away: a snapshot that is pending will never be. */
  async giveUp(virtualMachineId: string, signal: AbortSignal): Promise<void> {
    const em = this.parts.fork();
    const snapshot = await em.findOne(Snapshot, { virtualMachineId, state: 'PENDING' });
    if (snapshot) await this.#fail(em, snapshot, 'the machine was destroyed', signal);
  }

  async #fail(em: EntityManager, snapshot: Snapshot, reason: string, signal: AbortSignal): Promise<void> {
    await this.parts.cloud.driver.deleteSnapshot(snapshot.id, signal);
    Object.assign(snapshot, { state: 'FAILED', reason });
    await em.flush();
  }
}
