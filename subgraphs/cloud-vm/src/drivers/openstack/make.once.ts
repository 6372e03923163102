import { setTimeout as delay } from 'node:timers/promises';
import { CloudError, type CloudFault } from '../driver.js';

/**
 * With these the cloud may have made what it was asked for, and is looked at after so many milliseconds each. A request
 * whose answer did not come may still be under way in it.
 */
const LOOKS_AFTER_MS: Partial<Record<CloudFault, readonly number[]>> = {
  UNREACHABLE: [0, 250, 1_000, 3_000, 6_000],
  FAILED: [0, 250, 1_000],
  CONFLICT: [0, 250, 1_000],
};

/**
 * Makes a thing of which there must be one only. When the answer is lost the thing is looked for, so that it is not
 * made again where it was; rejects with the failure of `make` when it is not to be found.
 */
export async function makeOnce<Thing>(make: () => Promise<Thing>, find: () => Promise<Thing | undefined>, signal: AbortSignal): Promise<Thing> {
  try {
    return await make();
  } catch (error) {
    if (!(error instanceof CloudError)) throw error;
    for (const pause of LOOKS_AFTER_MS[error.fault] ?? []) {
      await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
      const found = await find().catch(() => undefined);
      if (found !== undefined) return found;
    }
    signal.throwIfAborted();
    throw error;
  }
}
