import type { TransitionTable } from '@hutong/common';

/** Where a set of files stands. */
export enum FileSetState {
  RECEIVING = 'RECEIVING',
  UNPACKING = 'UNPACKING',
  READY = 'READY',
  FAILED = 'FAILED',
  DELETING = 'DELETING',
}

const { UNPACKING, READY, FAILED, DELETING } = FileSetState;

/** The transition table. What is not in it does not happen. */
export const FILE_SET_STATES: TransitionTable<FileSetState> = {
  RECEIVING: { description: 'Its files are on their way, or are being looked through.', next: [UNPACKING, READY, FAILED] },
  UNPACKING: { description: 'The archive that came is being checked and unpacked.', next: [READY, FAILED] },
  READY: { description: 'All its files are there, and do not change any more.', next: [DELETING] },
  FAILED: { description: 'It did not become ready; `stateReason` says why. What came of it is being removed.', next: [] },
  DELETING: { description: 'Nobody uses it any more; its files are removed after a time of grace.', next: [] },
};
