import { mayBecome } from '@hutong/common';
import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { virtualMachineNotFound, virtualMachineState } from '../errors.js';
import { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import type { VirtualMachineEvents } from '../virtual-machine/virtual-machine.events.js';
import { VIRTUAL_MACHINE_STATES, VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import type { WorkQueue } from './work.queue.js';

const { DELETING, DELETED } = VirtualMachineState;

export interface MachineRowsParts {
  /** Makes an EntityManager for one transaction. */
  fork: () => EntityManager;
  events: VirtualMachineEvents;
  queue: WorkQueue;
}

/**
 * The rows of machines as everything that changes them does it: in short transactions that hold the machine's row and ask
 * nothing of the cloud, with an event for every change of a state.
 */
export class MachineRows {
  constructor(private readonly parts: MachineRowsParts) {}

  /** Holds a machine's row while `work` changes it. @throws VM_NOT_FOUND */
  change<Result>(id: string, work: (tx: EntityManager, machine: VirtualMachine) => Promise<Result>): Promise<Result> {
    return this.parts.fork().transactional(async (tx) => {
      const machine = await tx.findOne(VirtualMachine, id, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if (!machine) throw virtualMachineNotFound({ id });
      return work(tx, machine);
    });
  }

  /** Stores a machine that is to be launched. */
  async insert(tx: EntityManager, machine: VirtualMachine): Promise<void> {
    await tx.persist(machine).flush();
    await this.parts.events.append(tx, machine);
    await this.wake(tx);
  }

  /** Writes what has changed, and tells of the state when it is another one. @throws VM_STATE_CONFLICT for a step that the table does not know */
  async become(tx: EntityManager, machine: VirtualMachine, state: VirtualMachineState): Promise<void> {
    const isNew = machine.state !== state;
    if (isNew && !mayBecome(VIRTUAL_MACHINE_STATES, machine.state, state)) throw virtualMachineState({ id: machine.id, state: machine.state, wanted: `become ${state}` });
    machine.state = state;
    await tx.flush();
    if (isNew) await this.parts.events.append(tx, machine);
  }

  /** A machine that could not be made, or is gone: what there is of it is taken back. */
  async release(tx: EntityManager, machine: VirtualMachine, state: VirtualMachineState.ERROR | VirtualMachineState.DELETED, stateReason: string): Promise<void> {
    Object.assign(machine, { errand: 'RELEASE', tries: 0, notBefore: new Date(), expected: null, ipv4: null, endpoints: [], stateReason });
    if (state === DELETED) machine.awaitedBy = null;
    await this.become(tx, machine, state);
    await this.wake(tx);
  }

  /** Has a machine that is neither gone nor going destroyed; one that was never asked of the cloud is gone at once. */
  async destroy(tx: EntityManager, machine: VirtualMachine): Promise<void> {
    const isUntouched = machine.errand === 'LAUNCH' && machine.expectedBy === null;
    Object.assign(machine, { errand: 'DESTROY', tries: 0, notBefore: new Date(), expected: null, awaitedBy: null });
    await this.become(tx, machine, DELETING);
    if (!isUntouched) return this.wake(tx);
    machine.errand = null;
    await this.become(tx, machine, DELETED);
  }

  /** Has a worker look for something to do when the transaction has committed, at once or later. */
  wake(tx: EntityManager, afterMs?: number): Promise<void> {
    return this.parts.queue.wake(tx, afterMs);
  }
}
