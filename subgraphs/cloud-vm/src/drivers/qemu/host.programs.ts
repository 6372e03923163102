import { execFile, spawn } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { CloudError } from '../driver.js';
import { INSTALL_QEMU } from './qemu.settings.js';

const run = promisify(execFile);

/** The programs of this host that the driver runs. */
export class HostPrograms {
  /** What programs get to see of our environment, which may hold secrets: where programs are. */
  readonly environment: { PATH: string; LC_ALL: string };

  constructor(searchPath: string) {
    this.environment = { PATH: searchPath, LC_ALL: 'C' };
  }

  /** MISCONFIGURED, with the line that installs it, when a program is not on the PATH. */
  async require(program: string): Promise<void> {
    for (const folder of this.environment.PATH.split(path.delimiter)) {
      const found = await access(path.join(folder, program), constants.X_OK).then(() => true, () => false);
      if (found) return;
    }
    throw notInstalled(program);
  }

  /**
   * Runs a program to its end and resolves with what it printed. MISCONFIGURED when it is not installed, QUOTA when
   * the disk is full, else FAILED with the first line of its complaint.
   */
  async run(program: string, args: readonly string[], signal: AbortSignal): Promise<string> {
    try {
      return (await run(program, args, { signal, env: this.environment })).stdout;
    } catch (error) {
      signal.throwIfAborted();
      const { code, stderr = '' } = error as { code?: string | number; stderr?: string };
      if (code === 'ENOENT') throw notInstalled(program);
      const words = stderr.trim().split('\n')[0] || `ended with ${code}`;
      throw new CloudError(/no space left|disk quota/i.test(words) ? 'QUOTA' : 'FAILED', `${program}: ${words}`, { cause: error });
    }
  }

  /**
   * The exit status of a program that is ended after so many seconds, also when we are gone by then, or when `signal`
   * aborts; -1 when it had none.
   */
  exitStatus(program: string, args: readonly string[], withinSeconds: number, signal: AbortSignal): Promise<number> {
    if (signal.aborted) return Promise.resolve(-1);
    return new Promise((resolve) => {
      // Ends the program when it is ended itself, and is there to do so when we are not.
      const child = spawn('timeout', ['-k', '1', String(withinSeconds), program, ...args], { env: this.environment, stdio: 'ignore' });
      const end = () => child.kill('SIGTERM');
      signal.addEventListener('abort', end, { once: true });
      const over = (status: number | null) => {
        signal.removeEventListener('abort', end);
        resolve(status ?? -1);
      };
      child.once('exit', over).once('error', () => over(null));
    });
  }
}

const notInstalled = (program: string) => new CloudError('MISCONFIGURED', `${program} is not installed; ${INSTALL_QEMU} installs it on Debian`);
