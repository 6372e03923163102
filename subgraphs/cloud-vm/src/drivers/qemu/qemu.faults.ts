import { CloudError, type CloudFault } from '../driver.js';

const FAULTS: Partial<Record<string, CloudFault>> = {
  ENOSPC: 'QUOTA',
  EDQUOT: 'QUOTA',
  EMFILE: 'BUSY',
  ENFILE: 'BUSY',
  EAGAIN: 'BUSY',
  EACCES: 'MISCONFIGURED',
  EPERM: 'MISCONFIGURED',
  EROFS: 'MISCONFIGURED',
};

/** Does the work of one call, with its failures as callers know them: the signal's reason, or a {@link CloudError}. */
export async function translated<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CloudError) throw error;
    const { code = '', message, syscall } = error as NodeJS.ErrnoException;
    // What is no refusal of the operating system is a fault of ours, and must not pass for one of the cloud.
    if (syscall === undefined) throw error;
    throw new CloudError(FAULTS[code] ?? 'FAILED', message, { cause: error });
  }
}
