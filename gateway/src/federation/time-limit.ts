import { createContext, Script } from 'node:vm';

const call = new Script('work()');
const surroundings = createContext({ work: undefined as (() => unknown) | undefined });

/** Whether work was ended as its time was over. */
export const isOutOfTime = (failure: unknown): boolean => (failure as NodeJS.ErrnoException | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

/**
 * Runs work that does not wait for anything, and ends it when its time is over, wherever it is then: what it was about to change may be
 * half changed.
 *
 * @throws what {@link isOutOfTime} knows, when it takes longer
 */
export function withinTime<Result>(milliseconds: number, work: () => Result): Result {
  surroundings['work'] = work;
  try {
    return call.runInContext(surroundings, { timeout: milliseconds }) as Result;
  } finally {
    surroundings['work'] = undefined;
  }
}
