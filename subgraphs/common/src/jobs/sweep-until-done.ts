import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../log/log.js';

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Sweeps at once, and as long as that fails again and again, after pauses that grow from 250 ms to 30 s and keep no
 * process alive. Resolves with the first sweep that succeeds; once `signal` is aborted, when the sweep under way has
 * ended. Never fails: each failure is logged with the text `failure`.
 */
export async function sweepUntilDone(sweep: () => Promise<unknown>, { signal, log, failure }: { signal: AbortSignal; log: Log; failure: string }): Promise<void> {
  for (let pauseMs = FIRST_PAUSE_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      await sweep();
      return;
    } catch (err) {
      if (signal.aborted) return;
      log.warn({ err }, failure);
      await delay(pauseMs, undefined, { signal, ref: false }).catch(() => undefined);
    }
  }
}
