import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants as modes, fstatSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { EngineEnd } from '../engine.js';
import { JobProcesses, memoryOf } from './job.processes.js';
import type { EndRecord, KeeperPlan, StopRecord, TaskCommand } from './keeper.plan.js';
import type { SeenProcess } from './system.process.js';

const LOOK_MS = 100;
const SCAN_MS = 250;
/** Looking for new processes takes at most this part of the time. */
const SCAN_SHARE = 50;
/** What went beyond its time may write down where it was. */
const TIME_LIMIT_GRACE_MS = 10_000;
const KILL_AGAIN_MS = 20;
const FIRST_TO_GO = '500';
/** From here on an exit status of a sandbox tells the signal that ended the program. */
const SIGNALLED = 128;
const MIB = 1024 ** 2;

interface Task {
  process: ChildProcess;
  ended: boolean;
}

interface Ending {
  end: EngineEnd;
  reason: string;
  killAt: number;
}

/** A job's processes from their start to the end of the last of them. */
export class KeptJob {
  private readonly tasks: Task[] = [];
  private readonly processes: JobProcesses;
  private readonly startedAt = new Date();
  private ending: Ending | undefined;
  private nextScan = 0;
  private wake: () => void = () => undefined;

  constructor(
    private readonly plan: KeeperPlan,
    private readonly readStop: () => StopRecord | null,
  ) {
    this.processes = new JobProcesses(process.pid, plan.marker, plan.wrappers);
  }

  /** Starts every task; rejects when one could not be, and none is left then. */
  async start(): Promise<{ startedAt: string }> {
    const restore = goFirst();
    try {
      for (const command of this.plan.tasks) this.tasks.push(await this.spawn(command));
    } catch (error) {
      await this.killAll();
      throw error;
    } finally {
      restore();
    }
    return { startedAt: this.startedAt.toISOString() };
  }

  /** Something may have been asked of the job. */
  look(): void {
    this.wake();
  }

  /** Ends the job though nobody asked for it. */
  endFor(reason: string): void {
    this.endWith({ end: 'LOST', reason, killAt: Date.now() + TIME_LIMIT_GRACE_MS });
    this.wake();
  }

  /** Watches over the job until every task, and every process that they have left, has ended. */
  async untilEnded(): Promise<EndRecord> {
    while (this.tasks.some(({ ended }) => !ended)) {
      const pause = this.overseeSafely();
      const timer = new AbortController();
      await Promise.race([delay(pause, undefined, { signal: timer.signal }).catch(() => undefined), new Promise<void>((resolve) => (this.wake = resolve))]);
      timer.abort();
    }
    await this.killAll();
    return this.result();
  }

  /** What cannot be looked at now, as when too many files are open, must not cost the job. */
  private overseeSafely(): number {
    try {
      return this.oversee();
    } catch (error) {
      console.error(error);
      return LOOK_MS;
    }
  }

  /** Looks once at limits and wishes; the result is how long the next look may wait. */
  private oversee(): number {
    this.scanWhenDue();
    const now = Date.now();
    const stop = this.readStop();
    if (stop) this.endWith({ end: 'STOPPED', reason: 'stopped on request', killAt: stop.killAt });
    const { timeLimitSeconds, memoryBytes, wrappers } = this.plan;
    if (timeLimitSeconds !== null && now - this.startedAt.getTime() >= timeLimitSeconds * 1_000) {
      this.endWith({ end: 'TIME_LIMIT', reason: `it ran for longer than ${timeLimitSeconds} s`, killAt: now + TIME_LIMIT_GRACE_MS });
    }
    const memory = memoryOf(this.processes.found(), wrappers > 0);
    if (memory > memoryBytes) this.endWith({ end: 'MEMORY', reason: `it took ${mib(memory)} of memory and was allowed ${mib(memoryBytes)}`, killAt: now });
    if (!this.ending) return LOOK_MS;
    if (now >= this.ending.killAt) this.processes.signal(this.processes.search(), 'SIGKILL');
    return Math.max(KILL_AGAIN_MS, Math.min(LOOK_MS, this.ending.killAt - now));
  }

  private scanWhenDue(): void {
    const began = performance.now();
    if (began < this.nextScan) return;
    this.processes.scan();
    const ended = performance.now();
    this.nextScan = ended + Math.max(SCAN_MS, SCAN_SHARE * (ended - began));
  }

  /** The first reason counts; what comes later can only hasten the end. */
  private endWith(ending: Ending): void {
    if (this.ending) {
      this.ending.killAt = Math.min(this.ending.killAt, ending.killAt);
      return;
    }
    this.ending = ending;
    this.processes.signal(this.processes.programs(), 'SIGTERM');
  }

  private async killAll(): Promise<void> {
    for (let left: SeenProcess[]; (left = this.processes.search()).length > 0; await delay(KILL_AGAIN_MS)) this.processes.signal(left, 'SIGKILL');
  }

  private async spawn({ argv, environment, log }: TaskCommand): Promise<Task> {
    // Neither a link nor a pipe that an earlier job has put there.
    const output = openSync(log, modes.O_WRONLY | modes.O_APPEND | modes.O_CREAT | modes.O_NOFOLLOW | modes.O_NONBLOCK, 0o644);
    try {
      if (!fstatSync(output).isFile()) throw new Error(`${path.basename(log)} is not a file`);
      const child = spawn(argv[0]!, argv.slice(1), {
        cwd: this.plan.workingFolder,
        env: environment,
        detached: true,
        stdio: ['ignore', output, output],
        ...this.plan.user,
      });
      const task: Task = { process: child, ended: false };
      child.once('exit', () => {
        task.ended = true;
        this.wake();
      });
      await once(child, 'spawn');
      return task;
    } finally {
      closeSync(output);
    }
  }

  private result(): EndRecord {
    const outcomes = this.tasks.map(({ process }) => this.outcome(process));
    const first = outcomes.find(({ exitCode }) => exitCode !== 0) ?? { exitCode: 0, signal: null };
    const times = { startedAt: this.startedAt.toISOString(), endedAt: new Date().toISOString() };
    if (this.ending) return { end: this.ending.end, reason: this.ending.reason, ...first, ...times };
    if (first.signal !== null) return { end: 'SIGNALLED', reason: `a process was ended by ${first.signal}`, ...first, ...times };
    return { end: 'EXITED', reason: null, ...first, ...times };
  }

  private outcome({ exitCode, signalCode }: ChildProcess): Pick<EndRecord, 'exitCode' | 'signal'> {
    const signal = signalCode ?? (this.plan.wrappers > 0 ? signalOf(exitCode) : null);
    return signal === null ? { exitCode, signal } : { exitCode: null, signal };
  }
}

function signalOf(exitCode: number | null): string | null {
  return Object.entries(constants.signals).find(([, number]) => number === (exitCode ?? 0) - SIGNALLED)?.[0] ?? null;
}

/** What is started from now on is ended first should the host run out of memory; calling the result takes this process itself out. */
function goFirst(): () => void {
  const file = '/proc/self/oom_score_adj';
  const before = readFileSync(file, 'latin1');
  const set = (value: string) => {
    try {
      writeFileSync(file, value);
    } catch (error) {
      console.error(error);
    }
  };
  set(FIRST_TO_GO);
  return () => set(before);
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`;
