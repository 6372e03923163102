import { HutongError } from '@hutong/common';
import { BodyFailure } from '../drivers/store/arriving.body.js';
import { StoreError } from '../drivers/store/store.js';
import { storeFull, storeUnavailable } from '../errors.js';

/** A failure of the store, or of the disk that files pass through, as callers are told; that of a body, and any other, as it is. */
export function asShown(error: unknown): unknown {
  if (error instanceof HutongError) return error;
  if (error instanceof BodyFailure) return asShown(error.cause);
  if (error instanceof StoreError) return error.fault === 'FULL' ? storeFull({ cause: error }) : storeUnavailable({ words: `the store failed: ${error.message}`, cause: error });
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOSPC' || code === 'EDQUOT' ? storeFull({ cause: error }) : error;
}
