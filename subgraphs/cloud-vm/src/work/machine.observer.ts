import type { EntityManager } from '@mikro-orm/postgresql';
import type { MachineView } from '../drivers/driver.js';
import type { CloudVmSettings } from '../environment.js';
import type { VirtualMachine } from '../virtual-machine/virtual-machine.entity.js';
import { isEnding, VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';
import { referencesOf } from './made-resources.js';
import type { MachineRows } from './machine.rows.js';

const { BUILD, ACTIVE, SHUTOFF, REBOOT, ERROR, DELETED } = VirtualMachineState;

/** States that the cloud may leave a machine in by itself. */
const SETTLED: readonly VirtualMachineState[] = [ACTIVE, SHUTOFF, ERROR];

/** A machine as our table had it before the cloud was asked. */
export type KnownMachine = Pick<VirtualMachine, 'id' | 'state' | 'expected'>;

/** Takes over what the cloud says of machines that nothing is being asked for. */
export class MachineObserver {
  constructor(private readonly parts: { rows: MachineRows; settings: Pick<CloudVmSettings, 'buildMs'> }) {}

  /** @param before what is said of a machine that has changed since is old, and is left */
  async observe(view: MachineView, before: KnownMachine): Promise<void> {
    await this.parts.rows.change(view.id, async (tx, machine) => {
      const isOld = machine.state !== before.state || machine.expected !== before.expected;
      if (isOld || machine.errand !== null || isEnding(machine.state)) return;
      const seen = VirtualMachineState[view.state];
      const isThere = seen === machine.expected && (seen !== ACTIVE || view.ipv4 !== null);
      if (isThere || (machine.expected === null && seen === ACTIVE)) Object.assign(machine, { ipv4: view.ipv4 ?? machine.ipv4, endpoints: view.endpoints });
      if (isThere) {
        Object.assign(machine, { expected: null, stateReason: null });
        return this.parts.rows.become(tx, machine, seen);
      }
      return machine.state === BUILD ? this.#observeBuilding(tx, machine, view) : this.#observeMade(tx, machine, view);
    });
  }

  async #observeBuilding(tx: EntityManager, machine: VirtualMachine, { state, reason }: MachineView): Promise<void> {
    const { rows, settings } = this.parts;
    if (state === 'DELETED' || state === 'ERROR') await rows.release(tx, machine, ERROR, reason ?? 'the cloud could not build it');
    else if (isOverdue(machine)) await rows.release(tx, machine, ERROR, `it was not ready within ${settings.buildMs / 1_000} s`);
  }

  async #observeMade(tx: EntityManager, machine: VirtualMachine, { id, state, reason }: MachineView): Promise<void> {
    const { rows } = this.parts;
    const seen = VirtualMachineState[state];
    if (seen === DELETED) {
      // What could not be made has left nothing, and stays in ERROR.
      if (machine.state === ERROR && (await referencesOf(tx, [id]))[0]!.made.length === 0) return;
      return rows.release(tx, machine, DELETED, `deleted behind our back: ${reason ?? 'the cloud does not have it any more'}`);
    }
    if (isOverdue(machine)) Object.assign(machine, { stateReason: `it did not become ${machine.expected} in time`, expected: null });
    if (seen === ERROR) machine.expected = null;
    if (machine.expected !== null || !SETTLED.includes(seen)) return;
    // Where a reboot that failed has left it is no news. Where it has gone by itself is, and what was said before no longer holds.
    const isNews = seen === ERROR || (seen !== machine.state && machine.state !== REBOOT);
    if (isNews) machine.stateReason = reason ?? (seen === ERROR ? 'the cloud lost it, and does not say why' : null);
    await rows.become(tx, machine, seen);
  }
}

const isOverdue = ({ expected, expectedBy }: VirtualMachine): boolean => expected !== null && expectedBy !== null && expectedBy.getTime() <= Date.now();
