/**
 * An engine that runs programs: process groups on this machine, or a Slurm cluster.
 *
 * The driver keeps no state that matters: whoever calls it writes its intent down first, with an id of ours, and the
 * engine's job carries that id. So a killed process loses nothing: a submit whose answer was lost is repeated and finds
 * the job, and what nobody remembers is in {@link EngineDriver.listOurs}.
 *
 * For every call:
 * - It may be repeated with the same arguments at any time, also after it failed or after a crash; it never makes a
 *   second job of one id.
 * - A failure is an {@link EngineError}. When `signal` aborts, the call stops waiting and rejects with the signal's reason;
 *   what was asked may or may not have happened.
 * - Calls for different jobs may run at the same time.
 */
export interface EngineDriver {
  /** Which engine this is; shown in the graph and in logs. */
  readonly name: 'local' | 'slurm';

  /** Whether jobs can run now, and how much there is to run them on. Never rejects but for `signal`. */
  status(signal: AbortSignal): Promise<EngineReadiness>;

  /**
   * Hands a job over, and resolves with the engine's own number of it when the engine has taken it on durably: it is
   * QUEUED from then on, also should this process die. Jobs of equal priority start in the order in which they were
   * submitted. Faults: INVALID, QUOTA, MISCONFIGURED, and those of every call.
   */
  submit(job: EngineJobSpec, signal: AbortSignal): Promise<{ engineId: string }>;

  /** How jobs are now, in the order asked for; many are asked about in few requests. One that the engine does not know is GONE. */
  look(jobs: readonly EngineJobReference[], signal: AbortSignal): Promise<EngineJobView[]>;

  /** Calls back, as soon as it is known, with the id of a job whose state may have changed, until the function it returns is called. An engine that must be asked never calls. */
  onChange(heard: (id: string) => void): () => void;

  /**
   * Bytes of what a task has written so far, output and errors as they came, beginning at byte `from`; empty at the end.
   * Faults: NOT_FOUND when the job was never there or its folder is gone.
   */
  log(job: EngineJobReference, part: LogPart, signal: AbortSignal): Promise<LogChunk>;

  /**
   * Ends a job: one that is QUEUED never starts; a running one gets SIGTERM, and SIGKILL `graceSeconds` later with every
   * process it has started. May resolve before it has ended: `look` tells. One that has ended, or that is not there, is no fault.
   */
  stop(job: EngineJobReference, graceSeconds: number, signal: AbortSignal): Promise<void>;

  /** Forgets a job that has ended, and what the engine keeps of it; its folder stays. Faults: CONFLICT when it has not ended. */
  forget(job: EngineJobReference, signal: AbortSignal): Promise<void>;

  /** Every job of ours that the engine still knows, recorded by us or not: for finding orphans. */
  listOurs(signal: AbortSignal): Promise<OwnedJob[]>;

  /** Lets go of connections and timers; jobs go on running. May be called again; no other call may follow. */
  close(): Promise<void>;
}

/** What every driver is opened with, beside its own settings. */
export interface EngineOptions {
  /** Which Hutong this is, the same over restarts and different for every other one on the same engine. Up to 36 letters, digits and hyphens. */
  installation: string;
  /** Gets what an operator should know and no caller is told. Never a secret. */
  log: EngineLog;
}

/** A pino logger is one. */
export interface EngineLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface EngineReadiness {
  ready: boolean;
  /** Null when all is well, else what is wrong and what to do about it, in one line for an administrator. */
  message: string | null;
  /** Whether a job is kept from the files and processes of others. Without it only administrators' jobs should run. */
  isolated: boolean;
  /** What all jobs may use together. */
  total: EngineCapacity;
  /** What running jobs leave of it. */
  free: EngineCapacity;
}

export interface EngineCapacity {
  cpus: number;
  memoryBytes: number;
  gpus: number;
}

/** A job to be run. The same spec, to the letter, goes with every repetition. */
export interface EngineJobSpec {
  /** Ours, unique for ever: 1 to 36 letters, digits and hyphens, not a hyphen first. */
  id: string;
  /** For people to recognise; may repeat, 1 to 255 characters. */
  name: string;
  /** Program and arguments, never a shell string. A program without `/` is looked up where the engine runs; `node` is ours. */
  argv: readonly string[];
  /** Added to what the engine itself sets; nothing of our own environment is passed on. */
  environment: Readonly<Record<string, string>>;
  /**
   * Absolute; made by the caller, where the engine's machines see it under the same path. The job may write in it and
   * below, and its working folder is `workingFolder`, which lies in it. Another job may have it when
   * this one has ended; its log may go on where that of the first ended.
   */
  folder: string;
  workingFolder: string;
  /** Absolute folders and files, readable by every user, that the job may read and not change, under the same paths; all else of other jobs is out of its sight where the engine isolates. */
  readOnly: readonly string[];
  /** How often the argv is started at the same time, 1 to 1,000; each task knows its place by RANK and WORLD_SIZE in its environment. */
  tasks: number;
  /** For each task. */
  cpus: number;
  memoryBytes: number;
  gpus: number;
  /** The kind of GPU by the engine's name; null: any. */
  gpuModel: string | null;
  /** The job is ended after so long; null: never, or when the engine's own limit comes. */
  timeLimitSeconds: number | null;
  /** Whether its processes may open connections and listen, where the engine can forbid it. */
  network: boolean;
}

/** A job that was submitted, or whose submit was begun. */
export interface EngineJobReference {
  /** `EngineJobSpec.id`. */
  id: string;
  /** What `submit` resolved with; null when that was never heard. */
  engineId: string | null;
  /** `EngineJobSpec.folder` and `EngineJobSpec.tasks`. */
  folder: string;
  tasks: number;
}

/** QUEUED → SCHEDULING (it has its place and is being started) → RUNNING → ENDED; GONE: the engine knows none of this id. */
export type EngineJobState = 'QUEUED' | 'SCHEDULING' | 'RUNNING' | 'ENDED' | 'GONE';

/**
 * Why a job has ended.
 * - EXITED: every task has ended by itself; `exitCode` is the first that is not 0.
 * - STOPPED: by `stop`.
 * - TIME_LIMIT, MEMORY: it went beyond a limit.
 * - SIGNALLED: a process of it was killed by a signal that nobody here sent; `signal` names it.
 * - LOST: the machine or the engine lost it, or it could not be started; `reason` says how.
 */
export type EngineEnd = 'EXITED' | 'STOPPED' | 'TIME_LIMIT' | 'MEMORY' | 'SIGNALLED' | 'LOST';

export interface EngineJobView {
  /** `EngineJobSpec.id`. */
  id: string;
  state: EngineJobState;
  /** Null before it is known. */
  engineId: string | null;
  /** Of a GONE one: whether it is certain that it was never begun, so that to submit it again does not run it twice. False in every other state. */
  neverBegun: boolean;
  /** Why it waits, or how it ended, for people, in the engine's words where there are any. */
  reason: string | null;
  end: EngineEnd | null;
  exitCode: number | null;
  /** For example SIGKILL. */
  signal: string | null;
  startedAt: Date | null;
  endedAt: Date | null;
  /** The machine of task 0, as others reach it; null until it runs. */
  host: string | null;
}

export interface LogPart {
  /** Which task, from 0. */
  task: number;
  /** Byte offset, from 0. */
  from: number;
  /** At most so many bytes, 1 to 16 MiB. */
  most: number;
}

export interface LogChunk {
  bytes: Uint8Array;
  /** Bytes that the log has now. */
  sizeBytes: number;
}

/** A job as the engine lists it. */
export interface OwnedJob {
  /** `EngineJobSpec.id`. */
  id: string;
  engineId: string;
  hasEnded: boolean;
  /** Null when the engine does not say. */
  submittedAt: Date | null;
}

/**
 * | fault | meaning | repeat the call? |
 * |---|---|---|
 * | NOT_FOUND | the engine knows no such job | no |
 * | INVALID | the job can never run here: the message names what it asks for and what there is | no |
 * | QUOTA | a limit of the engine on jobs is reached | when something has ended |
 * | CONFLICT | the job's state does not allow it | when the state has changed |
 * | UNAUTHORIZED | our credentials are missing, wrong or not enough | no, an administrator must act |
 * | MISCONFIGURED | a setting names what the engine does not have, such as a partition | no, an administrator must act |
 * | UNREACHABLE | no answer, or one that was cut off: what was asked may have happened | yes |
 * | FAILED | the engine tried and failed, in its own words | once or twice |
 */
export type EngineFault = 'NOT_FOUND' | 'INVALID' | 'QUOTA' | 'CONFLICT' | 'UNAUTHORIZED' | 'MISCONFIGURED' | 'UNREACHABLE' | 'FAILED';

/** A failure of an engine. The message is fit to be shown: the engine's own words, no secret, no stack. */
export class EngineError extends Error {
  override readonly name = 'EngineError';

  constructor(
    readonly fault: EngineFault,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
