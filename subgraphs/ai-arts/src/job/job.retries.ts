import { HutongError } from '@hutong/common';
import { EngineError, type EngineFault } from '../drivers/engine/engine.js';
import type { JobErrand } from './job.entity.js';

const FIRST_MS = 500;
const LONGEST_MS = 60_000;
/** What the engine tried and failed at may have been bad luck once. */
const MOST_TRIES_OF_FAILED = 1;
/** So often is tried again what failed on our own side. */
const MOST_TRIES_OF_OURS = 8;
/** A job waits until these are over: an engine that is away or full, or credentials that an administrator renews. */
const PASSING: readonly EngineFault[] = ['UNREACHABLE', 'QUOTA', 'UNAUTHORIZED'];
const SERVER_FAULT = 500;

/** In how many milliseconds an errand that failed is tried again; undefined: never. What takes away always is. */
export function retryDelayMs(errand: JobErrand, error: unknown, tries: number): number | undefined {
  const backoff = Math.min(FIRST_MS * 2 ** Math.min(tries, 10), LONGEST_MS);
  const jittered = Math.round(backoff * (0.75 + Math.random() / 2));
  return errand !== 'SUBMIT' || mayPass(error, tries) ? jittered : undefined;
}

function mayPass(error: unknown, tries: number): boolean {
  if (error instanceof EngineError) return PASSING.includes(error.fault) || (error.fault === 'FAILED' && tries < MOST_TRIES_OF_FAILED);
  if (error instanceof HutongError) return error.status >= SERVER_FAULT;
  return tries < MOST_TRIES_OF_OURS;
}
