import { RuntimeFailure } from '../drivers/runtime/runtime.js';
import { inferenceFailed, serviceBusy } from '../errors.js';

/** Throws a failure of a runtime as callers are told, and any other as it is. */
export function told(error: unknown): never {
  if (!(error instanceof RuntimeFailure)) throw error;
  if (error.fault === 'BUSY') throw serviceBusy({ problem: error.message, cause: error });
  throw inferenceFailed({ words: error.message, cause: error });
}
