import type { JobEvents } from './job.events.js';

/** However events travel, it is looked again so often. */
const LOOK_AGAIN_MS = 1_000;

/**
 * Waits until a job is as wanted, its time is over, or the signal is aborted; it never rejects for the latter two.
 *
 * @param isThere looked at before, after every change of the job, and once a second
 */
export async function waitForJob(events: Pick<JobEvents, 'onChange'>, id: string, { atMostMs, signal }: { atMostMs: number; signal: AbortSignal }, isThere: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + atMostMs;
  let changed = Promise.withResolvers<void>();
  const stopListening = events.onChange((changedId) => {
    if (changedId === id) changed.resolve();
  });
  const onAbort = (): void => changed.resolve();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (atMostMs > 0 && !signal.aborted && !(await isThere()) && Date.now() < deadline) {
      const timer = setTimeout(() => changed.resolve(), Math.min(LOOK_AGAIN_MS, deadline - Date.now()));
      await changed.promise;
      clearTimeout(timer);
      changed = Promise.withResolvers();
    }
  } finally {
    stopListening();
    signal.removeEventListener('abort', onAbort);
  }
}
