import type { TransitionTable } from '@hutong/common';

/** Where a virtual machine stands; Nova's names. */
export enum VirtualMachineState {
  BUILD = 'BUILD',
  ACTIVE = 'ACTIVE',
  SHUTOFF = 'SHUTOFF',
  REBOOT = 'REBOOT',
  ERROR = 'ERROR',
  DELETING = 'DELETING',
  DELETED = 'DELETED',
}

const { ACTIVE, SHUTOFF, REBOOT, ERROR, DELETING, DELETED } = VirtualMachineState;

/** The transition table. What is not in it does not happen. */
export const VIRTUAL_MACHINE_STATES: TransitionTable<VirtualMachineState> = {
  BUILD: { description: 'Asked for: it waits for its turn, is being made, or boots.', next: [ACTIVE, ERROR, DELETING] },
  ACTIVE: { description: 'It runs and has its address.', next: [SHUTOFF, REBOOT, ERROR, DELETING, DELETED] },
  SHUTOFF: { description: 'It is switched off, and keeps its disk and its address.', next: [ACTIVE, REBOOT, ERROR, DELETING, DELETED] },
  REBOOT: { description: 'It is being restarted.', next: [ACTIVE, SHUTOFF, ERROR, DELETING, DELETED] },
  ERROR: {
    description: 'It could not be made, and nothing of it is left; or the cloud lost it. `stateReason` says why. It can only be destroyed, unless the cloud brings it back.',
    next: [ACTIVE, SHUTOFF, DELETING, DELETED],
  },
  DELETING: { description: 'What it held is being released.', next: [DELETED] },
  DELETED: { description: 'It is gone, and everything it held was released.', next: [] },
};

/** Whether the machine is gone or going. */
export const isEnding = (state: VirtualMachineState): boolean => state === DELETING || state === DELETED;
