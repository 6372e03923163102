import { readdirSync, readFileSync } from 'node:fs';

/** A process for as long as it lives: ids are given again, but not with the same time of start in the same boot of the machine. */
export interface ProcessIdentity {
  pid: number;
  /** In the kernel's ticks since it booted. */
  startTime: string;
  bootId: string;
}

/** What the kernel tells of a living process. */
export interface SeenProcess {
  pid: number;
  parent: number;
  startTime: string;
}

/** This process itself. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: seenProcess(process.pid)!.startTime, bootId: bootId() };
}

/** Whether the very process still lives. */
export function isAlive({ pid, startTime, bootId: boot }: ProcessIdentity): boolean {
  return boot === bootId() && seenProcess(pid)?.startTime === startTime;
}

/** Undefined when there is no such process, or only a zombie. */
export function seenProcess(pid: number): SeenProcess | undefined {
  const stat = textOf(`/proc/${pid}/stat`);
  const [state, parent, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (!state || 'ZX'.includes(state)) return undefined;
  return { pid, parent: Number(parent), startTime: fields[17]! };
}

/** Every process that lives. */
export function allProcesses(): SeenProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => seenProcess(Number(name)))
    .filter((seen) => seen !== undefined);
}

/** Whether a process was started with this variable in its environment; one that hides it is not found. */
export function hasVariable(pid: number, variable: string): boolean {
  return `\0${textOf(`/proc/${pid}/environ`)}`.includes(`\0${variable}\0`);
}

/** Sends a signal; a process that has ended meanwhile is no fault. */
export function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

const bootId = (): string => textOf('/proc/sys/kernel/random/boot_id').trim();

/** A file of /proc; empty when what it tells of is gone, or nobody's business. */
export function textOf(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return '';
  }
}
