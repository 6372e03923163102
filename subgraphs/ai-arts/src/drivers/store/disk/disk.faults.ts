import { getSystemErrorMessage } from 'node:util';
import { BodyFailure } from '../arriving.body.js';
import { StoreError, type StoreFault } from '../store.js';
import { translating } from '../translated.js';

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

/** A refusal of the operating system in words that name no path; anything else is as it was. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof BodyFailure) return error.cause;
  const { code = '', errno, syscall } = error as NodeJS.ErrnoException;
  // What is no refusal of the operating system is a fault of ours, and must not pass for one of the disk.
  if (syscall === undefined || errno === undefined) return error;
  const words = isAbsent(error) ? 'its folder is not there' : getSystemErrorMessage(errno);
  return new StoreError(FAULTS[code] ?? 'FAILED', `the disk of the store: ${words} (${syscall}: ${code})`, { cause: error });
}

export const translated = translating(asStoreError);
