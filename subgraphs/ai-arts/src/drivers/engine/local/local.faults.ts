import { EngineError, type EngineFault } from '../engine.js';

const FAULTS: Partial<Record<string, readonly [EngineFault, string]>> = {
  ENOSPC: ['QUOTA', 'the disk of the data folder is full'],
  EDQUOT: ['QUOTA', 'the disk quota of the data folder is used up'],
  EROFS: ['MISCONFIGURED', 'the data folder cannot be written to'],
  EACCES: ['MISCONFIGURED', 'we may not write to the data folder'],
  EMFILE: ['UNREACHABLE', 'too many files are open'],
  ENFILE: ['UNREACHABLE', 'too many files are open on this host'],
};

/** Runs a call of the driver: its failures are {@link EngineError}s, and it ends when `signal` aborts. */
export async function translated<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work(), aborted]);
  } catch (error) {
    signal.throwIfAborted();
    throw translate(error as NodeJS.ErrnoException);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

function translate(error: NodeJS.ErrnoException): unknown {
  if (error instanceof EngineError || error.code === undefined) return error;
  const [fault, words] = FAULTS[error.code] ?? ['FAILED', `the host answered ${error.code}${error.syscall === undefined ? '' : ` to ${error.syscall}`}`];
  return new EngineError(fault, words, { cause: error });
}
