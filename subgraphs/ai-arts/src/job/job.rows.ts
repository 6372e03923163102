import { LockMode, type EntityManager } from '@mikro-orm/postgresql';
import { jobNotFound, jobState } from '../errors.js';
import { Job, type JobErrand } from './job.entity.js';
import type { JobEvents } from './job.events.js';
import type { JobKinds } from './job.kind.js';
import { hasEnded, JobState, stepsBetween } from './job.states.js';

const { KILLED, KILLING, PAUSED, PAUSING, QUEUED, RUNNING } = JobState;

export interface JobRowsParts {
  /** Makes an EntityManager for one transaction. */
  fork: () => EntityManager;
  kinds: JobKinds;
  events: JobEvents;
}

/**
 * The rows of jobs as everything that changes them does it: in short transactions that hold the job's row and ask nothing of
 * the engine, with an event for every change of a state.
 */
export class JobRows {
  constructor(private readonly parts: JobRowsParts) {}

  /** Holds a job's row while `work` changes it. @throws JOB_NOT_FOUND */
  async change<Result>(id: string, work: (tx: EntityManager, job: Job) => Promise<Result>): Promise<Result> {
    const changed = await this.changeIfThere(id, async (tx, job) => ({ result: await work(tx, job) }));
    if (!changed) throw jobNotFound({ id });
    return changed.result;
  }

  /** The same for a job that may be gone meanwhile: undefined then. */
  changeIfThere<Result>(id: string, work: (tx: EntityManager, job: Job) => Promise<Result>): Promise<Result | undefined> {
    return this.parts.fork().transactional(async (tx) => {
      const job = await tx.findOne(Job, id, { lockMode: LockMode.PESSIMISTIC_WRITE });
      return job ? work(tx, job) : undefined;
    });
  }

  /** Stores a job. */
  async insert(tx: EntityManager, job: Job): Promise<void> {
    await tx.persist(job).flush();
    await this.parts.events.append(tx, job, [job.state]);
    if (job.errand !== null) await this.wake(tx);
  }

  /** Writes what has changed, and tells of every state on the way to this one. @throws JOB_STATE_CONFLICT for a step that the table does not know */
  async become(tx: EntityManager, job: Job, state: JobState): Promise<void> {
    if (job.state === state) return tx.flush();
    const steps = stepsBetween(job.state, state);
    if (!steps) throw jobState({ id: job.id, state: job.state, wanted: `become ${state}` });
    job.state = state;
    job.endedAt = hasEnded(state) || state === PAUSED ? (job.endedAt ?? new Date()) : null;
    await this.parts.kinds.of(job).entered?.(tx, job);
    await tx.flush();
    await this.parts.events.append(tx, job, steps);
  }

  /** Has something done about a job, instead of whatever else was to be done. Only what has been tried waits for its time. */
  async ask(tx: EntityManager, job: Job, errand: JobErrand, { tries = 0, notBefore = new Date() }: { tries?: number; notBefore?: Date } = {}): Promise<void> {
    Object.assign(job, { errand, tries, notBefore });
    await tx.flush();
    await this.wake(tx);
  }

  /** Ends or pauses a job that may be on the engine; one that the engine never heard of is there at once. */
  async halt(tx: EntityManager, job: Job, by: JobState.KILLING | JobState.PAUSING): Promise<void> {
    if (job.isStaged && job.state !== PAUSED) {
      await this.become(tx, job, by);
      return this.ask(tx, job, 'STOP');
    }
    job.errand = null;
    // It runs elsewhere, where nothing need be ended.
    if (job.state === RUNNING) await this.become(tx, job, by);
    await this.ended(tx, job, by === PAUSING ? PAUSED : KILLED);
  }

  /** A job has come to where nothing of it runs; what is to be removed is removed next. */
  async ended(tx: EntityManager, job: Job, state: JobState): Promise<void> {
    await this.become(tx, job, state);
    if (job.deletedAt !== null) await this.ask(tx, job, 'REMOVE');
  }

  /** Has a job that the engine lost before it was begun handed over once more; it keeps its place among its owner's. */
  async submitAgain(tx: EntityManager, job: Job, reason: string): Promise<void> {
    const { notBefore } = job;
    Object.assign(job, { losses: job.losses + 1, engineId: null, host: null, stateReason: reason });
    await this.become(tx, job, QUEUED);
    await this.ask(tx, job, 'SUBMIT', { notBefore });
  }

  /** Has a job begin anew, as a run of its own; at once, or in a while, which is shown with the reason. */
  async startAgain(tx: EntityManager, job: Job, runId: string, later?: { inMs: number; reason: string }): Promise<void> {
    Object.assign(job, { runId, launch: null, isStaged: false, losses: 0, engineId: null, host: null, exitCode: null, stateReason: later?.reason ?? null, startedAt: null, endedAt: null });
    await this.become(tx, job, QUEUED);
    await this.ask(tx, job, 'SUBMIT', later ? { tries: 1, notBefore: new Date(Date.now() + later.inMs) } : {});
  }

  /** Has workers look for something to do when the transaction has committed. */
  wake(tx: EntityManager): Promise<void> {
    return this.parts.events.wake(tx);
  }

  /** The state that a job which the engine has ended comes to, when that was asked for; undefined: nobody did. */
  static haltedAs(state: JobState): JobState.KILLED | JobState.PAUSED | undefined {
    return state === KILLING ? KILLED : state === PAUSING ? PAUSED : undefined;
  }
}
