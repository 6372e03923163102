import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * Whether a process with this id is running. A zombie counts as gone: in a container whose first process reaps
 * nothing, a killed server stays a zombie for ever.
 */
export function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  if (process.platform !== 'linux') return true;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return !'ZX'.includes(stat.charAt(stat.lastIndexOf(')') + 2));
  } catch {
    return false;
  }
}

/**
 * Whether the process is a PostgreSQL server that works on the given cluster folder. Process ids are reused, so an id
 * found in a file says nothing by itself.
 */
export function isServerOf(pid: number, cluster: string): boolean {
  if (!isRunning(pid)) return false;
  const folder = realpathSync(cluster);
  try {
    if (process.platform === 'linux') return isLinuxServerOf(pid, folder);
    if (process.platform === 'win32') {
      const row = execFileSync('tasklist', ['/FI', `PID eq ${pid}`, '/FO', 'CSV', '/NH'], { encoding: 'utf8' });
      return row.toLowerCase().includes('postgres.exe');
    }
    const command = execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
    return command.includes('postgres') && command.includes(folder);
  } catch {
    return false;
  }
}

function isLinuxServerOf(pid: number, folder: string): boolean {
  if (!readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('postgres')) return false;
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === folder;
  } catch {
    // Root without CAP_SYS_PTRACE, as in a default container, may not follow another user's cwd; anyone reads argv.
    const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return path.basename(argv[0] ?? '') === 'postgres' && argv.includes(folder);
  }
}

/** Resolves to true as soon as the process is gone, or to false when it is still there after `milliseconds`. */
export async function goneWithin(pid: number, milliseconds: number): Promise<boolean> {
  const deadline = performance.now() + milliseconds;
  while (isRunning(pid)) {
    if (performance.now() > deadline) return false;
    await delay(10);
  }
  return true;
}
