import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, type FileHandle } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';

const WAIT_SECONDS = 10;
const AGAIN_MS = 1_000;

/**
 * Waits for a lock that one process at a time has, and that the kernel takes back however that process ends. The lock belongs to
 * the open file, which Node cannot lock itself: `flock` does it with the file that it inherits.
 */
export async function takeLock(file: string, signal: AbortSignal): Promise<FileHandle> {
  const handle = await open(file, 'a', 0o600);
  try {
    while (!(await lock(handle, signal))) await delay(AGAIN_MS, undefined, { signal });
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** False when somebody else had it for all the time. Should we be killed meanwhile, the program is gone soon, too. */
async function lock(handle: FileHandle, signal: AbortSignal): Promise<boolean> {
  const child = spawn('flock', ['--timeout', String(WAIT_SECONDS), '3'], { env: { PATH: '/usr/bin:/bin' }, stdio: ['ignore', 'ignore', 'ignore', handle.fd], signal });
  const [status] = (await once(child, 'exit')) as [number | null];
  signal.throwIfAborted();
  return status === 0;
}
