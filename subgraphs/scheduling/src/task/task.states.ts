import type { TransitionTable } from '@hutong/common';

/** Where a task stands. */
export enum TaskState {
  OFFERED = 'OFFERED',
  ALLOCATING = 'ALLOCATING',
  ALLOCATED = 'ALLOCATED',
  REFUSED = 'REFUSED',
  FAILED = 'FAILED',
  RELEASED = 'RELEASED',
  EXPIRED = 'EXPIRED',
}

/** The transition table. What is not in it does not happen. */
export const TASK_STATES: TransitionTable<TaskState> = {
  OFFERED: {
    description: 'Resources are offered and none has been chosen yet.',
    next: [TaskState.ALLOCATING, TaskState.REFUSED, TaskState.RELEASED, TaskState.EXPIRED],
  },
  ALLOCATING: {
    description: 'A chosen resource is being reserved and its URL asked for. A move that fails leads back to ALLOCATED.',
    next: [TaskState.ALLOCATED, TaskState.FAILED],
  },
  ALLOCATED: {
    description: 'The task has a resource and its URL. Choosing another resource moves it.',
    next: [TaskState.ALLOCATING, TaskState.REFUSED, TaskState.RELEASED, TaskState.EXPIRED],
  },
  REFUSED: {
    description: 'The user refused what was offered; an offer may still be accepted later.',
    next: [TaskState.ALLOCATING, TaskState.RELEASED],
  },
  FAILED: {
    description: 'The last choice could not be allocated, `stateReason` says why; another choice may be made.',
    next: [TaskState.ALLOCATING, TaskState.REFUSED, TaskState.RELEASED, TaskState.EXPIRED],
  },
  RELEASED: { description: 'Ended by its owner; everything was given back.', next: [] },
  EXPIRED: { description: 'Ended by time; everything was given back.', next: [] },
};
