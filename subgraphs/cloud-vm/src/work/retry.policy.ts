import { CloudError } from '../drivers/driver.js';
import { isTakingAway, type Errand } from './errand.js';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** What the cloud tried and failed at may have been bad luck once. */
const MOST_TRIES_OF_FAILED = 1;
/** So often is tried again what failed on our own side. */
const MOST_TRIES_OF_OURS = 8;

/** In how many milliseconds an errand that failed is tried again; undefined: never. What is to be released always is. */
export function retryDelayMs(errand: Errand, error: unknown, tries: number): number | undefined {
  const backoff = Math.min(FIRST_MS * 2 ** Math.min(tries, 10), LONGEST_MS);
  const jittered = Math.round(backoff * (0.75 + Math.random() / 2));
  if (error instanceof CloudError && error.fault === 'BUSY') return Math.max(error.retryAfterMs ?? 0, jittered);
  if (isTakingAway(errand)) return jittered;
  if (!(error instanceof CloudError)) return tries < MOST_TRIES_OF_OURS ? jittered : undefined;
  if (error.fault === 'UNREACHABLE') return jittered;
  return error.fault === 'FAILED' && tries < MOST_TRIES_OF_FAILED ? jittered : undefined;
}
