import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

/** File in a machine's folder that names its process; as QEMU's argument it also tells whose process it is. */
export const PID_FILE = 'qemu.pid';

/** A process for as long as it lives: ids are given again, but not with the same time of start. */
export interface MachineProcess {
  pid: number;
  /** In the kernel's ticks since it booted. */
  startTime: string;
}

/**
 * The QEMU processes of the machines whose folders lie in `machines`, by the machines' ids. Told by their command
 * lines and not by a file of ours, so that none is missed which was started just before we were killed, and a
 * process id that was given to another program is never taken for a machine's.
 */
export async function findProcesses(machines: string): Promise<Map<string, MachineProcess>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = new Map<string, MachineProcess>();
  await Promise.all(
    pids.map(async (pid) => {
      const startTime = await startTimeOf(pid);
      const id = await machineOf(pid, machines);
      if (id !== undefined && startTime !== undefined) found.set(id, { pid, startTime });
    }),
  );
  return found;
}

async function machineOf(pid: number, machines: string): Promise<string | undefined> {
  const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
  if (!path.basename(argv[0] ?? '').startsWith('qemu-system')) return undefined;
  const file = argv[argv.indexOf('-pidfile') + 1] ?? '';
  const folder = path.dirname(file);
  return path.basename(file) === PID_FILE && path.dirname(folder) === machines ? path.basename(folder) : undefined;
}

/** Undefined when there is no such process, or only a zombie, which has let go of all its files and ports. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return state === '' || state === 'Z' || state === 'X' ? undefined : fields[18];
}

const LOOK_AGAIN_MS = 10;

/** Waits for the end of a process and of all that it held; false when it is still there after `withinMs`. */
export async function hasEnded(machine: MachineProcess, withinMs: number, signal: AbortSignal): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while ((await startTimeOf(machine.pid)) === machine.startTime) {
    if (performance.now() > deadline) return false;
    await delay(LOOK_AGAIN_MS, undefined, { signal });
  }
  return true;
}

/** Kills a process and waits for its end; false when the kernel did not end it within `withinMs`. */
export async function killProcess(machine: MachineProcess, withinMs: number, signal: AbortSignal): Promise<boolean> {
  if ((await startTimeOf(machine.pid)) !== machine.startTime) return true;
  try {
    process.kill(machine.pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  return hasEnded(machine, withinMs, signal);
}
