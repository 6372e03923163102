import { setTimeout as delay } from 'node:timers/promises';
import { EngineError } from '../engine.js';
import { hasEnded } from './job.view.js';
import type { OurMark } from './our.mark.js';
import { anythingSchema, databaseJobsSchema, jobsSchema, submittedSchema, type SlurmJob } from './slurm.answers.js';
import type { SlurmConnection } from './slurm.connection.js';
import { SLURM, SlurmError } from './slurm.faults.js';

/** So many jobs are asked about one by one, for a list has the jobs of everybody. */
const MOST_ONE_BY_ONE = 30;
/** Asking for one job costs as much as so many in a list. */
const COST_OF_ONE = 4;
const LOOKS_AFTER_MS = [0, 500, 2_000];

/** Our jobs in slurmctld and in the accounting database. */
export class SlurmJobs {
  /** How long the last list was. */
  #known = 0;

  constructor(
    private readonly slurm: SlurmConnection,
    private readonly mark: OurMark,
  ) {}

  /** Every job of this installation, by our id; more than one of an id where an answer was lost, the oldest first. */
  async list(signal: AbortSignal): Promise<Map<string, SlurmJob[]>> {
    const { jobs } = await this.slurm.read('/jobs', jobsSchema, 'listing jobs', signal);
    this.#known = jobs.length;
    const ours = new Map<string, SlurmJob[]>();
    for (const job of jobs.toSorted((one, other) => Number(one.id) - Number(other.id))) {
      const id = this.mark.jobOf(job);
      if (id !== undefined) ours.set(id, [...(ours.get(id) ?? []), job]);
    }
    return ours;
  }

  /** The jobs with these numbers of Slurm, by ours; those that Slurm does not know are left out. */
  async find(wanted: readonly { id: string; engineId: string }[], signal: AbortSignal): Promise<Map<string, SlurmJob>> {
    const found = new Map<string, SlurmJob>();
    if (wanted.length > MOST_ONE_BY_ONE && wanted.length * COST_OF_ONE > this.#known) {
      const ours = await this.list(signal);
      for (const { id, engineId } of wanted) {
        const job = ours.get(id)?.find((one) => one.id === engineId);
        if (job) found.set(id, job);
      }
      return found;
    }
    await Promise.all(
      wanted.map(async ({ id, engineId }) => {
        const job = await this.get(id, engineId, signal);
        if (job) found.set(id, job);
      }),
    );
    return found;
  }

  /** Undefined when slurmctld does not know it, or has given its number to another job. */
  async get(id: string, engineId: string, signal: AbortSignal): Promise<SlurmJob | undefined> {
    try {
      const { jobs } = await this.slurm.read(`/job/${engineId}`, jobsSchema, `job ${engineId}`, signal);
      return jobs.find((job) => job.id === engineId && this.mark.jobOf(job) === id);
    } catch (error) {
      return unlessUnknown(error);
    }
  }

  /** The same of the accounting database, which remembers for long; undefined where there is none, and of a job without an end there: what slurmctld does not know any more will have none. */
  async remembered(id: string, engineId: string, signal: AbortSignal): Promise<SlurmJob | undefined> {
    if (!(await this.slurm.api(signal)).hasDatabase) return undefined;
    try {
      const { jobs } = await this.slurm.read(`/job/${engineId}`, databaseJobsSchema, `job ${engineId} in the accounting database`, signal, 'slurmdb');
      return jobs.find((job) => job.id === engineId && this.mark.isOf(id, job) && hasEnded(job));
    } catch (error) {
      // A cluster may have the plugin and no database.
      if (error instanceof SlurmError && error.fault === 'FAILED') return undefined;
      return unlessUnknown(error);
    }
  }

  /** Submits a job of which there must be one only: when the answer is lost, it is looked for. Answers Slurm's number of it. */
  async submit(id: string, description: object, signal: AbortSignal): Promise<string> {
    try {
      const { job_id: number } = await this.slurm.act({ method: 'POST', path: '/job/submit', content: description, asked: 'submitting the job' }, submittedSchema, signal);
      return String(number);
    } catch (error) {
      if (!(error instanceof EngineError) || !['UNREACHABLE', 'FAILED'].includes(error.fault)) throw error;
      for (const pause of LOOKS_AFTER_MS) {
        await delay(pause, undefined, { signal }).catch(() => signal.throwIfAborted());
        const found = await this.list(signal).catch(() => undefined);
        const [job] = found?.get(id) ?? [];
        if (job) return job.id;
        if (!found) break;
      }
      signal.throwIfAborted();
      throw error;
    }
  }

  /** Sends SIGTERM to every process of a job. Answers false when it has none yet. */
  async terminate(engineId: string, signal: AbortSignal): Promise<boolean> {
    try {
      await this.#delete(engineId, '?signal=SIGTERM', signal);
      return true;
    } catch (error) {
      if (error instanceof SlurmError && (error.number === SLURM.JOB_PENDING || error.number === SLURM.TRANSITION_STATE_NO_UPDATE)) return false;
      unlessOver(error);
      return true;
    }
  }

  /** Cancels a job: one that waits never starts, one that runs is killed by Slurm. One that is over is no fault. */
  async cancel(engineId: string, signal: AbortSignal): Promise<void> {
    await this.#delete(engineId, '', signal).catch(unlessOver);
  }

  async #delete(engineId: string, query: string, signal: AbortSignal): Promise<void> {
    await this.slurm.act({ method: 'DELETE', path: `/job/${engineId}${query}`, asked: `ending job ${engineId}` }, anythingSchema, signal);
  }
}

/** For `catch`: what slurmctld does not know is no fault. */
function unlessUnknown(error: unknown): undefined {
  if (error instanceof SlurmError && (error.fault === 'NOT_FOUND' || error.number === SLURM.REST_EMPTY_RESULT)) return undefined;
  throw error;
}

/** For `catch`: what has ended need not be ended. */
function unlessOver(error: unknown): undefined {
  if (error instanceof SlurmError && (error.number === SLURM.ALREADY_DONE || error.number === SLURM.JOB_FINISHED || error.fault === 'NOT_FOUND')) return undefined;
  throw error;
}
