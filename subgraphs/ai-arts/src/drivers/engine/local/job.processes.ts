import { statfsSync, statSync } from 'node:fs';
import path from 'node:path';
import { allProcesses, hasVariable, seenProcess, send, textOf, type SeenProcess } from './system.process.js';

const KIB = 1024;

/**
 * The processes of one job, as its keeper finds them: what descends from the keeper, what was once seen to, and what has the
 * job's marker in its environment. In a sandbox the first alone is complete, as nothing leaves a process namespace.
 */
export class JobProcesses {
  private readonly known = new Map<number, string>();
  private readonly sandbox = new Set<number>();

  constructor(
    private readonly keeper: number,
    private readonly marker: string,
    private readonly wrappers: number,
  ) {}

  /** Looks for new ones among all processes of the host, which takes milliseconds; in a sandbox none is missed. */
  scan(): void {
    const living = new Set(this.find(false).map(({ pid }) => pid));
    for (const pid of this.known.keys()) if (!living.has(pid)) this.known.delete(pid);
  }

  /** The job's programs that were found and still live. */
  found(): SeenProcess[] {
    return [...this.known.keys()]
      .filter((pid) => !this.sandbox.has(pid))
      .map(seenProcess)
      .filter((seen) => seen !== undefined && this.known.get(seen.pid) === seen.startTime) as SeenProcess[];
  }

  /** All of the job's programs that can be found. */
  programs(): SeenProcess[] {
    return this.find(true).filter(({ pid }) => !this.sandbox.has(pid));
  }

  /** The same with the sandbox's own processes. */
  search(): SeenProcess[] {
    return this.find(true);
  }

  private find(byMarker: boolean): SeenProcess[] {
    const all = allProcesses();
    const children = Map.groupBy(all, ({ parent }) => parent);
    const found = new Map<number, SeenProcess>();
    const take = (seen: SeenProcess, depth: number) => {
      if (found.has(seen.pid) || seen.pid === this.keeper) return;
      found.set(seen.pid, seen);
      this.known.set(seen.pid, seen.startTime);
      if (depth < this.wrappers) this.sandbox.add(seen.pid);
      for (const child of children.get(seen.pid) ?? []) take(child, depth + 1);
    };
    for (const child of children.get(this.keeper) ?? []) take(child, 0);
    for (const seen of all) {
      if (this.known.get(seen.pid) === seen.startTime || (byMarker && hasVariable(seen.pid, this.marker))) take(seen, this.wrappers);
    }
    return [...found.values()];
  }

  /** Sends a signal to each, unless another process has its id by now. */
  signal(processes: readonly SeenProcess[], signal: NodeJS.Signals): void {
    for (const { pid, startTime } of processes) if (seenProcess(pid)?.startTime === startTime) send(pid, signal);
  }
}

/**
 * Bytes of memory that processes take: what is their own, what they share counted once, and what lies in the shared memory
 * files of their sandboxes.
 */
export function memoryOf(processes: readonly SeenProcess[], sandboxed: boolean): number {
  let own = 0;
  let shared = 0;
  for (const { pid } of processes) {
    const status = textOf(`/proc/${pid}/status`);
    own += kilobytes(status, 'RssAnon') * KIB;
    shared = Math.max(shared, kilobytes(status, 'RssShmem') * KIB);
  }
  return own + Math.max(shared, sandboxed ? sharedFiles(processes) : 0);
}

/** Each task has a file system of its own in memory. */
function sharedFiles(processes: readonly SeenProcess[]): number {
  const bytes = new Map<number, number>();
  for (const { pid } of processes) {
    const folder = path.join('/proc', String(pid), 'root', 'dev', 'shm');
    try {
      const { dev } = statSync(folder);
      if (bytes.has(dev)) continue;
      const { bsize, blocks, bfree } = statfsSync(folder);
      bytes.set(dev, bsize * (blocks - bfree));
    } catch {
      // It has ended meanwhile.
    }
  }
  return [...bytes.values()].reduce((sum, one) => sum + one, 0);
}

const kilobytes = (status: string, name: string): number => Number(new RegExp(String.raw`^${name}:\s*(\d+) kB`, 'm').exec(status)?.[1] ?? 0);
