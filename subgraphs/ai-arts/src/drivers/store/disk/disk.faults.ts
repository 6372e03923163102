import { getSystemErrorMessage } from 'node:util';
import { BodyFailure } from '../arriving.body.js';
import { StoreError, type StoreFault } from '../store.js';

const FAULTS: Partial<Record<string, StoreFault>> = {
  ENOSPC: 'FULL',
  EDQUOT: 'FULL',
  EACCES: 'REFUSED',
  EPERM: 'REFUSED',
  EROFS: 'REFUSED',
  ENOENT: 'REFUSED',
  ENOTDIR: 'REFUSED',
  ESTALE: 'UNREACHABLE',
  ETIMEDOUT: 'UNREACHABLE',
  EHOSTDOWN: 'UNREACHABLE',
};

/** Whether the operating system says that there is no such file or folder. */
export const isAbsent = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');

/** Does the work of one call, with its failures as callers know them: the signal's reason, the body's own, or a {@link StoreError}. */
export async function translated<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    throw asStoreError(error);
  }
}

/** A refusal of the operating system in words that name no path; anything else is as it was. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof BodyFailure) return error.cause;
  const { code = '', errno, syscall } = error as NodeJS.ErrnoException;
  // What is no refusal of the operating system is a fault of ours, and must not pass for one of the disk.
  if (syscall === undefined || errno === undefined) return error;
  const words = isAbsent(error) ? 'its folder is not there' : getSystemErrorMessage(errno);
  return new StoreError(FAULTS[code] ?? 'FAILED', `the disk of the store: ${words} (${syscall}: ${code})`, { cause: error });
}
