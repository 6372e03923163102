import { randomUUID } from 'node:crypto';
import { conflict, isAdmin, type Caller, type RequestScope } from '@hutong/common';
import { UniqueConstraintViolationException, type EntityManager } from '@mikro-orm/postgresql';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { jobState } from '../errors.js';
import type { FileClaim, JobAdmission } from './job.admission.js';
import type { Job, JobKindName } from './job.entity.js';
import type { JobQuota } from './job.quota.js';
import { anyJob } from './job.reference.js';
import type { JobRows } from './job.rows.js';
import { hasEnded, JobState } from './job.states.js';

const { UNAPPROVED, QUEUED, SCHEDULING, RUNNING, PAUSING, PAUSED, KILLING } = JobState;

interface StoreParts {
  engine: Engine;
  rows: JobRows;
  quota: JobQuota;
  admission: JobAdmission;
  settings: Pick<AiArtsSettings, 'jobsNeedApproval' | 'runsUnisolated'>;
}

/** What tells one request for a job from another under the same client token. */
export interface JobRequest {
  clientToken: string | null;
  /** Of everything that was asked for; see `requestHash`. */
  hash: string;
}

/** What a new job is made of, beside what every one begins with. */
export type NewJob<Row extends Job> = Pick<Job, 'name' | 'engine' | 'deviceType' | 'deviceNum'> & Partial<Row>;

/** What users ask of jobs of any kind, written down for workers to do it. */
export class JobStore {
  constructor(private readonly parts: StoreParts) {}

  /** The job that a user asked for before with this client token; null when there is none. @throws CONFLICT when another one was asked for */
  async earlier({ em, caller }: RequestScope, kind: JobKindName, { clientToken, hash }: JobRequest): Promise<Job | null> {
    if (clientToken === null) return null;
    const earlier = await em.fork().findOne(anyJob, { kind, ownerId: caller.userId ?? '', clientToken });
    if (earlier && earlier.requestHash !== hash) throw conflict({ field: 'input.clientToken', reason: 'input.clientToken: this token was used before, with another input' });
    return earlier;
  }

  /**
   * Stores a job of the caller's that is to be run.
   *
   * @param job an empty one of its kind
   * @param claims the files that it keeps
   * @throws ENGINE_NOT_CONFIGURED, ENGINE_NOT_ISOLATED, ENGINE_UNAVAILABLE, JOB_QUOTA_EXCEEDED, CONFLICT
   */
  async create<Row extends Job>(scope: RequestScope, job: Row, kind: JobKindName, request: JobRequest, values: NewJob<Row>, claims: readonly FileClaim[] = []): Promise<Row> {
    const { engine, admission, settings } = this.parts;
    await engine.requireFor(scope.caller, settings.runsUnisolated);
    const now = new Date();
    const id = values.id ?? randomUUID();
    const state = this.#needsApproval(scope.caller) ? UNAPPROVED : QUEUED;
    const ownerId = scope.caller.userId ?? '';
    Object.assign(job, { ...values, id, kind, ownerId, runId: id, state, clientToken: request.clientToken, requestHash: request.hash, errand: state === QUEUED ? 'SUBMIT' : null, notBefore: now, createdAt: now });
    try {
      await admission.admit(job, claims);
      return job;
    } catch (error) {
      // The same token came twice at once, and the other one was stored first.
      const winner = error instanceof UniqueConstraintViolationException ? await this.earlier(scope, kind, request) : null;
      if (winner) return winner as Row;
      throw error;
    }
  }

  /** Ends a job; nothing happens to one that has ended. @throws JOB_NOT_FOUND, ENGINE_NOT_CONFIGURED */
  kill(id: string): Promise<Job> {
    return this.parts.rows.change(id, async (tx, job) => {
      if (!hasEnded(job.state) && job.state !== KILLING) await this.#halt(tx, job, KILLING);
      return job;
    });
  }

  /**
   * Stops a job that keeps its files and may be started again; nothing happens to one that is stopped or has ended.
   *
   * @param mark changes its row in the same transaction; false: it is to go on
   * @throws JOB_NOT_FOUND, JOB_STATE_CONFLICT, ENGINE_NOT_CONFIGURED
   */
  pause(id: string, mark: (job: Job) => boolean = () => true): Promise<Job> {
    return this.parts.rows.change(id, async (tx, job) => {
      if (!mark(job)) return job;
      if (hasEnded(job.state) || job.state === PAUSED || job.state === PAUSING) return job;
      if (![QUEUED, SCHEDULING, RUNNING].includes(job.state)) throw jobState({ id, state: job.state, wanted: 'be stopped' });
      await this.#halt(tx, job, PAUSING);
      return job;
    });
  }

  /** Has a job that was stopped or has ended begin again with the files it has, as a new run; nothing happens to one that runs or is about to. @throws JOB_NOT_FOUND, JOB_STATE_CONFLICT, JOB_QUOTA_EXCEEDED, and those of `create` */
  async start(caller: Caller, id: string): Promise<Job> {
    await this.parts.engine.requireFor(caller, this.parts.settings.runsUnisolated);
    return this.parts.rows.change(id, async (tx, job) => {
      if ([UNAPPROVED, QUEUED, SCHEDULING, RUNNING].includes(job.state)) return job;
      if (job.state !== PAUSED && !hasEnded(job.state)) throw jobState({ id, state: job.state, wanted: 'be started' });
      await this.parts.quota.require(tx, job);
      await this.parts.rows.startAgain(tx, job, randomUUID());
      return job;
    });
  }

  /** Lets a job that needs an administrator's approval take its turn; nothing happens to one that needs none any more. @throws JOB_NOT_FOUND */
  approve(id: string): Promise<Job> {
    return this.parts.rows.change(id, async (tx, job) => {
      if (job.state !== UNAPPROVED) return job;
      await this.parts.rows.become(tx, job, QUEUED);
      await this.parts.rows.ask(tx, job, 'SUBMIT');
      return job;
    });
  }

  /** Deletes a job: no caller sees it from now on; it is ended when it has not, and then its files, its log and its row go. @throws JOB_NOT_FOUND, ENGINE_NOT_CONFIGURED */
  async delete(id: string): Promise<void> {
    await this.parts.rows.change(id, async (tx, job) => {
      if (job.deletedAt !== null) return;
      job.deletedAt = new Date();
      job.clientToken = null;
      if (hasEnded(job.state)) return this.parts.rows.ask(tx, job, 'REMOVE');
      if (job.state === KILLING) return tx.flush();
      await this.#halt(tx, job, KILLING);
    });
  }

  /** Whether a user has jobs that have not ended. */
  async ownsAnything(em: EntityManager, ownerId: string): Promise<boolean> {
    return (await em.findOne(anyJob, { ownerId, state: { $nin: [JobState.FINISHED, JobState.FAILED, JobState.ERROR, JobState.KILLED] } }, { fields: ['id'] })) !== null;
  }

  async #halt(tx: EntityManager, job: Job, by: JobState.KILLING | JobState.PAUSING): Promise<void> {
    // Without an engine this is told at once, and not by a job that stays as it is.
    if (job.isStaged && job.state !== PAUSED) void this.parts.engine.driver;
    await this.parts.rows.halt(tx, job, by);
  }

  #needsApproval(caller: Caller): boolean {
    return this.parts.settings.jobsNeedApproval && !isAdmin(caller);
  }
}
