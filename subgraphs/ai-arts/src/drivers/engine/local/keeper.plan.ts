import type { EngineEnd } from '../engine.js';
import type { ProcessIdentity } from './system.process.js';

/** What a keeper is to do, written by the queue into the job's engine folder. */
export interface KeeperPlan {
  /** The file that is touched whenever the job's state has changed. */
  changed: string;
  tasks: readonly TaskCommand[];
  workingFolder: string;
  /** The user that the tasks are started as; null: ours, or their argv sees to it. */
  user: Account | null;
  /** Whom the job's folders are given to, with all in them; null: they are ours. */
  owner: Account | null;
  folders: readonly string[];
  /** What must be there. */
  needed: readonly string[];
  /** A folder for temporary files that goes when the job has ended. */
  temporary: string;
  /** How many processes stand between the keeper and each task's program; they get no SIGTERM. */
  wrappers: number;
  /** `NAME=value` in the environment of every process of the job that does not hide it. */
  marker: string;
  /** For all tasks together. */
  memoryBytes: number;
  timeLimitSeconds: number | null;
  gpus: readonly string[];
}

export interface TaskCommand {
  argv: readonly string[];
  environment: Readonly<Record<string, string>>;
  /** The file that gets what the task writes. */
  log: string;
}

/** A system user without privileges. */
export interface Account {
  uid: number;
  gid: number;
}

/** `keeper.json`: who keeps the job; made once, by the one keeper that runs it. */
export interface KeeperRecord {
  keeper: ProcessIdentity;
  marker: string;
  gpus: readonly string[];
}

/** `running.json` */
export interface RunningRecord {
  startedAt: string;
}

/** `stop.json` */
export interface StopRecord {
  /** When its processes are killed, in milliseconds since 1970. */
  killAt: number;
}

/** `ended.json` */
export interface EndRecord {
  end: EngineEnd;
  reason: string | null;
  exitCode: number | null;
  signal: string | null;
  startedAt: string | null;
  endedAt: string;
}

/** The end of a job that never ran, or of which nothing more is known. */
export const endedNow = (end: EngineEnd, reason: string): EndRecord => ({ end, reason, exitCode: null, signal: null, startedAt: null, endedAt: new Date().toISOString() });
