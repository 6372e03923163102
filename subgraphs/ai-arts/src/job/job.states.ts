import { mayBecome, type TransitionTable } from '@hutong/common';

/** Where a notebook, training or inference service stands; the contract's names, in capitals. */
export enum JobState {
  UNAPPROVED = 'UNAPPROVED',
  QUEUED = 'QUEUED',
  SCHEDULING = 'SCHEDULING',
  RUNNING = 'RUNNING',
  PAUSING = 'PAUSING',
  PAUSED = 'PAUSED',
  KILLING = 'KILLING',
  FINISHED = 'FINISHED',
  FAILED = 'FAILED',
  ERROR = 'ERROR',
  KILLED = 'KILLED',
}

const { UNAPPROVED, QUEUED, SCHEDULING, RUNNING, PAUSING, PAUSED, KILLING, FINISHED, FAILED, ERROR, KILLED } = JobState;

/** The transition table. What is not in it does not happen. */
export const JOB_STATES: TransitionTable<JobState> = {
  UNAPPROVED: { description: 'It waits for an administrator to approve it.', next: [QUEUED, KILLED] },
  QUEUED: { description: 'It waits for its turn, for its files to be staged, or for the engine to have room; `stateReason` says what holds it up.', next: [SCHEDULING, ERROR, PAUSING, PAUSED, KILLING, KILLED] },
  SCHEDULING: { description: 'It has its place on the engine and is being started; a notebook, until it answers.', next: [QUEUED, RUNNING, FAILED, ERROR, PAUSING, KILLING, KILLED] },
  RUNNING: { description: 'Its program runs.', next: [QUEUED, FINISHED, FAILED, ERROR, PAUSING, KILLING, KILLED] },
  PAUSING: { description: 'It is being stopped and will keep its files.', next: [PAUSED, KILLING] },
  PAUSED: { description: 'It is stopped and can be started again.', next: [QUEUED, KILLED] },
  KILLING: { description: 'It is being ended.', next: [KILLED] },
  FINISHED: { description: 'Its program ended with exit code 0.', next: [QUEUED] },
  FAILED: { description: 'Its program ended with another exit code, by a signal, or went beyond a limit, or a service has a model that cannot be served; `stateReason` says which.', next: [QUEUED] },
  ERROR: { description: 'It could not be started, or the engine lost it; `stateReason` says why.', next: [QUEUED] },
  KILLED: { description: 'It was ended, by its owner or on the engine.', next: [QUEUED] },
};

/** How a job comes to its end when nothing goes wrong. */
const WAY: readonly JobState[] = [QUEUED, SCHEDULING, RUNNING];

/** States in which nothing of the job runs or will run by itself; a record can be deleted. */
export const END_STATES: readonly JobState[] = [FINISHED, FAILED, ERROR, KILLED];

export const hasEnded = (state: JobState): boolean => END_STATES.includes(state);

/** States in which the engine may have the job, or is to get it. */
export const isLiving = (state: JobState): boolean => !hasEnded(state) && state !== PAUSED && state !== UNAPPROVED;

/**
 * The states that a job enters one after the other to come from one to another. What was not seen on the way (a program
 * that was over before anybody looked) has happened nevertheless. Undefined when the table knows no way.
 */
export function stepsBetween(from: JobState, to: JobState): JobState[] | undefined {
  if (mayBecome(JOB_STATES, from, to)) return [to];
  const place = WAY.indexOf(from);
  if (place < 0) return undefined;
  for (let last = place + 1; last < WAY.length; last++) if (mayBecome(JOB_STATES, WAY[last]!, to)) return [...WAY.slice(place + 1, last + 1), to];
  return undefined;
}
