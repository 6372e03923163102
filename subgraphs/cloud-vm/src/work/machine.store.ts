import type { EntityManager } from '@mikro-orm/postgresql';
import { virtualMachineNotFound, virtualMachineState } from '../errors.js';
import type { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import { isEnding, VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import type { Errand } from './errand.js';
import type { MachineRows } from './machine.rows.js';

const { ACTIVE, REBOOT, DELETING, DELETED } = VirtualMachineState;

/** What users ask of machines, written down for workers to do it. */
export class MachineStore {
  constructor(private readonly rows: MachineRows) {}

  /** Stores a machine that is to be launched. */
  insert(tx: EntityManager, machine: VirtualMachine): Promise<void> {
    return this.rows.insert(tx, machine);
  }

  /** Asks for a machine to be started, stopped, rebooted or kept as a snapshot. @throws VM_STATE_CONFLICT */
  async request(id: string, errand: Exclude<Errand, 'LAUNCH' | 'DESTROY' | 'RELEASE'>, from: readonly VirtualMachineState[], also?: (tx: EntityManager) => Promise<void>): Promise<void> {
    await this.rows.change(id, async (tx, machine) => {
      const isBusy = machine.errand !== null || machine.expected !== null;
      if (isBusy || !from.includes(machine.state)) throw virtualMachineState({ id, state: isBusy ? `${machine.state} and being worked on` : machine.state, wanted: errand.toLowerCase() });
      Object.assign(machine, { errand, tries: 0, notBefore: new Date(), stateReason: null });
      await this.rows.become(tx, machine, errand === 'REBOOT' ? REBOOT : machine.state);
      await also?.(tx);
      await this.rows.wake(tx);
    });
  }

  /** Asks for a machine to be destroyed. @throws VM_NOT_FOUND for one that is gone */
  async destroy(id: string): Promise<void> {
    await this.rows.change(id, async (tx, machine) => {
      if (machine.state === DELETED) throw virtualMachineNotFound({ id, field: 'id' });
      if (machine.state !== DELETING) await this.rows.destroy(tx, machine);
    });
  }

  /** The caller who waited for a machine takes it: true. When it is not ACTIVE, or the caller has gone, it is destroyed: false. */
  accept(id: string, isWanted: boolean): Promise<boolean> {
    return this.rows.change(id, async (tx, machine) => {
      machine.awaitedBy = null;
      if (isWanted && machine.state === ACTIVE) return true;
      if (!isEnding(machine.state)) await this.rows.destroy(tx, machine);
      return false;
    });
  }
}
