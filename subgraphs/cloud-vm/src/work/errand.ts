import { VirtualMachineState } from '../virtual-machine/virtual-machine.states.js';

/**
 * What is to be asked of the cloud for a machine, written down before it is. LAUNCH, START, STOP and REBOOT leave the
 * machine {@link Expectation expected} to reach a state; SNAPSHOT leaves it as it is; DESTROY ends it; RELEASE takes
 * back what is left of one that is in ERROR or was deleted behind our back.
 */
export type Errand = 'LAUNCH' | 'START' | 'STOP' | 'REBOOT' | 'SNAPSHOT' | 'DESTROY' | 'RELEASE';

/** A state that the cloud was asked to bring a machine to. */
export type Expectation = VirtualMachineState.ACTIVE | VirtualMachineState.SHUTOFF;

/** What the cloud is to bring a machine to by an errand; null where it ends with the asking. */
export const EXPECTATIONS: Readonly<Record<Errand, Expectation | null>> = {
  LAUNCH: VirtualMachineState.ACTIVE,
  START: VirtualMachineState.ACTIVE,
  STOP: VirtualMachineState.SHUTOFF,
  REBOOT: VirtualMachineState.ACTIVE,
  SNAPSHOT: null,
  DESTROY: null,
  RELEASE: null,
};

/** Whether the errand releases what the machine holds; it is tried until it has succeeded. */
export const isTakingAway = (errand: Errand): boolean => errand === 'DESTROY' || errand === 'RELEASE';
