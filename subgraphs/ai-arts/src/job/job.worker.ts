import type { Log, WorkerPresence } from '@hutong/common';
import { EngineError } from '../drivers/engine/engine.js';
import type { Engine } from '../engine/engine.js';
import type { Job, JobErrand } from './job.entity.js';
import type { JobErrands } from './job.errands.js';
import type { JobEvents } from './job.events.js';
import type { JobFolders } from './job.folders.js';
import type { JobKinds } from './job.kind.js';
import { hasEnded, JobState } from './job.states.js';

interface WorkerParts {
  engine: Engine;
  kinds: JobKinds;
  errands: JobErrands;
  folders: JobFolders;
  events: JobEvents;
  presence: WorkerPresence;
  settings: { jobsAtOnce: number; stopGraceSeconds: number };
  /** Called with the run that the engine may have something to say about. */
  onEngineAsked: (runId: string) => void;
  log: Log;
}

/** An engine, or a store, that is not done in so long is given up for this time. */
const LONGEST_ERRAND_MS = 3_600_000;
const ENGINE_TIMEOUT_MS = 60_000;
/** Rows of jobs are held for a moment only. */
const HELD_UP_MS = 50;
const SHORTEST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 60_000;

/** Does what is written down about jobs, outside any transaction. Every errand may be repeated, so one that was broken off is simply run again. */
export class JobWorker {
  readonly #parts: WorkerParts;
  /** What breaks off the errands under way, by job. */
  readonly #underWay = new Map<string, { errand: JobErrand; stop: AbortController; done: Promise<void> }>();
  readonly #stopListening: (() => void)[];
  #looking: Promise<void> | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  /** The engine has no room for more, so that it is not asked again before. */
  #fullUntil = 0;
  #stopping = false;

  constructor(parts: WorkerParts) {
    this.#parts = parts;
    this.#stopListening = [
      parts.events.onWork(() => this.wake()),
      parts.events.onChange((id, state) => {
        const { errand, stop } = this.#underWay.get(id) ?? {};
        if (errand === 'SUBMIT' && (hasEnded(state) || state === JobState.KILLING || state === JobState.PAUSING || state === JobState.PAUSED)) stop?.abort(new Error('the job is to be ended'));
      }),
    ];
  }

  /**
   * There may be something to do.
   *
   * @param hasRoom whether the engine may have room that it did not have before; else, while it has none, what comes is looked at a few times a second only
   */
  wake(hasRoom = false): void {
    this.#again = true;
    if (this.#stopping) return;
    const restMs = hasRoom ? 0 : this.#fullUntil - performance.now();
    if (restMs > 0) return this.#wakeIn(restMs);
    this.#looking ??= this.#look()
      .catch((err: unknown) => {
        this.#parts.log.warn({ err }, 'what is to be done about jobs could not be looked up');
        this.#wakeIn(1_000);
      })
      .finally(() => {
        this.#looking = undefined;
        if (this.#again && !this.#stopping) this.#wakeIn(0);
      });
  }

  /** Breaks off what is under way and gives it back: another process, or the next start, runs it again. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const stop of this.#stopListening) stop();
    clearTimeout(this.#timer);
    await this.#looking;
    for (const { stop } of this.#underWay.values()) stop.abort(new Error('the process stops'));
    await Promise.allSettled([...this.#underWay.values()].map(({ done }) => done));
  }

  async #look(): Promise<void> {
    const { errands, settings } = this.#parts;
    while (this.#again && !this.#stopping) {
      this.#again = false;
      const submits = [...this.#underWay.values()].filter(({ errand }) => errand === 'SUBMIT').length;
      const room = { submits: settings.jobsAtOnce - submits, others: settings.jobsAtOnce - (this.#underWay.size - submits) };
      if (room.submits <= 0 && room.others <= 0) return;
      const { jobs, isFull, isHeldUp } = await errands.claim(room);
      this.#fullUntil = isFull ? performance.now() + SHORTEST_PAUSE_MS : 0;
      for (const job of jobs) this.#begin(job);
      if (isHeldUp) this.#wakeIn(HELD_UP_MS);
      if (isHeldUp || (isFull && jobs.length === 0)) return;
      const tryInMs = await errands.nextTryInMs();
      // One that has come due since may have no turn, or there was no room for it.
      if (tryInMs !== undefined) this.#wakeIn(Math.min(Math.max(tryInMs, SHORTEST_PAUSE_MS), LONGEST_PAUSE_MS));
    }
  }

  #wakeIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.wake(), milliseconds);
    this.#timer.unref();
  }

  #begin(job: Job): void {
    const { errand, id } = job;
    if (errand === null) return;
    const stop = new AbortController();
    // The process may have been told to stop while the job was claimed.
    if (this.#stopping) stop.abort(new Error('the process stops'));
    const done = this.#carryOut(job, errand, stop.signal)
      .catch((err: unknown) => this.#parts.log.warn({ err, job: id, errand }, 'what became of an errand could not be written down'))
      .finally(() => {
        this.#underWay.delete(id);
        this.#parts.presence.end(id);
        this.wake();
      });
    this.#underWay.set(id, { errand, stop, done });
  }

  async #carryOut(job: Job, errand: JobErrand, stop: AbortSignal): Promise<void> {
    const { errands, log } = this.#parts;
    const tooLong = AbortSignal.timeout(LONGEST_ERRAND_MS);
    try {
      await this.#run(job, errand, AbortSignal.any([stop, tooLong]));
    } catch (error) {
      if (this.#stopping) return await errands.giveBack(job, errand);
      if (!stop.aborted) log.warn({ err: error, job: job.id, errand }, 'an errand of a job failed');
      await errands.failed(job, errand, tooLong.aborted ? new EngineError('UNREACHABLE', `it was not done after ${LONGEST_ERRAND_MS / 1_000} s`, { cause: error }) : error);
    }
  }

  #run(job: Job, errand: JobErrand, signal: AbortSignal): Promise<void> {
    switch (errand) {
      case 'SUBMIT':
        return this.#submit(job, signal);
      case 'STOP':
        return this.#stop(job, signal);
      case 'REMOVE':
        return this.#remove(job, signal);
    }
  }

  async #submit(job: Job, signal: AbortSignal): Promise<void> {
    const { engine: { driver }, kinds, errands, folders, onEngineAsked } = this.#parts;
    if (job.launch === null) {
      const folder = await folders.make(job);
      const launch = await kinds.of(job).prepare(job, folder, signal);
      signal.throwIfAborted();
      if (launch === null) return errands.served(job);
      await errands.staged(job, launch);
    }
    const { engineId } = await driver.submit({ ...job.launch!, id: job.runId, name: job.name, folder: folders.of(job).path }, patience(signal));
    await errands.submitted(job, engineId);
    onEngineAsked(job.runId);
  }

  async #stop(job: Job, signal: AbortSignal): Promise<void> {
    const { engine: { driver }, errands, settings, onEngineAsked } = this.#parts;
    await driver.stop(errands.referenceOf(job), settings.stopGraceSeconds, patience(signal, settings.stopGraceSeconds));
    await errands.stopped(job);
    onEngineAsked(job.runId);
  }

  async #remove(job: Job, signal: AbortSignal): Promise<void> {
    const { engine, errands, folders } = this.#parts;
    // What an engine that is not set up any more knows of it is for that engine's administrator.
    if (job.isStaged && engine.isConfigured) await engine.driver.forget(errands.referenceOf(job), patience(signal));
    await folders.remove(job.id);
    await errands.removed(job);
  }
}

const patience = (signal: AbortSignal, besideSeconds = 0): AbortSignal => AbortSignal.any([signal, AbortSignal.timeout(ENGINE_TIMEOUT_MS + besideSeconds * 1_000)]);
