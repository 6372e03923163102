import { randomUUID } from 'node:crypto';
import { timedOut, type RequestScope } from '@hutong/common';
import type { Cloud } from '../cloud/cloud.js';
import type { VmImage } from '../cloud/cloud.types.js';
import { snapshotFailed } from '../errors.js';
import { requireText } from '../virtual-machine/launch.request.js';
import { visibleMachine } from '../virtual-machine/virtual-machine.reference.js';
import { VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import type { SnapshotVirtualMachineInput } from '../virtual-machine/virtual-machine.types.js';
import type { MachineStore } from '../work/machine.store.js';
import { Snapshot } from './snapshot.entity.js';

const LONGEST_WAIT_MS = 600_000;
const LOOK_AGAIN_MS = 150;

/** Makes images of machines. */
export class SnapshotService {
  constructor(private readonly parts: { cloud: Cloud; store: MachineStore }) {}

  /** Writes the snapshot down, and waits for its image; the snapshot goes on when the caller does not wait. See `snapshotVirtualMachine`. */
  async take(scope: RequestScope, { id, name }: SnapshotVirtualMachineInput): Promise<VmImage> {
    requireText('input.name', name);
    await visibleMachine(scope.em, scope, id, 'input.id');
    // Without a cloud this is told at once.
    void this.parts.cloud.driver;
    const snapshotId = randomUUID();
    const { ACTIVE, SHUTOFF } = VirtualMachineState;
    await this.parts.store.request(id, 'SNAPSHOT', [ACTIVE, SHUTOFF], async (tx) => {
      tx.create(Snapshot, { id: snapshotId, virtualMachineId: id, name, state: 'PENDING', createdAt: new Date() } as Snapshot);
      await tx.flush();
    });
    return this.#outcome(scope, snapshotId);
  }

  async #outcome(scope: RequestScope, id: string): Promise<VmImage> {
    const deadline = Date.now() + LONGEST_WAIT_MS;
    while (Date.now() < deadline) {
      scope.signal.throwIfAborted();
      const { state, image, reason } = await scope.em.fork().findOneOrFail(Snapshot, id);
      if (state === 'FAILED') throw snapshotFailed({ words: reason ?? 'the snapshot could not be made' });
      if (image) return { ...image, createdAt: image.createdAt === null ? null : new Date(image.createdAt) };
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
    }
    throw timedOut({ what: 'The snapshot', seconds: LONGEST_WAIT_MS / 1_000 });
  }
}
