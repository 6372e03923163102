import type { EntityManager } from '@mikro-orm/postgresql';
import type { EngineJobView } from '../drivers/engine/engine.js';
import type { Job, JobKindName, JobLaunch } from './job.entity.js';
import type { JobFolder } from './job.folders.js';

/**
 * What is special to one kind of job. All else (states, turns, the engine, crashes) is the same for every kind.
 *
 * Each call may be repeated at any time, also after it failed half-way or its process died; what it throws is the
 * reason that the job's owner is shown.
 */
export interface JobKind<Row extends Job = Job> {
  readonly name: JobKindName;

  /** How many of them a user may have that have not ended and are not paused, and the setting that says so. */
  readonly quota: { most: number; setting: string };

  /**
   * Brings the job's files into its folder, which is there and the process may write in, and tells what is to be run.
   * Called outside any transaction, and not again once its answer was written down.
   *
   * @returns null: nothing need run on the engine, as what the job is for is there already, and the job is RUNNING
   * @throws HutongError: what was asked for cannot be had, and the job is in ERROR, or, with a status from 500 on, it is
   * tried again later
   */
  prepare(job: Row, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch | null>;

  /** Whether a job whose processes run is of use already; it is SCHEDULING until then. Asked often, so it must answer within a second or so. Without this: at once. */
  isReady?(job: Row, view: EngineJobView, signal: AbortSignal): Promise<boolean>;

  /**
   * Why a job can never be of use, however often it is begun: asked when its program is about to be, and when that has ended
   * unasked. It is FAILED with these words then, and what runs of it is ended. Undefined, and without this: nothing is known
   * against it. It must answer within a second or so.
   */
  refusal?(job: Row, view: EngineJobView, signal: AbortSignal): Promise<string | undefined>;

  /**
   * Whether a job whose program has ended, by itself and whatever way, begins again as a new run: when, and what its owner is
   * told meanwhile. Undefined, and without this: it has ended. Called in the transaction, with how it ended in the row, which may be changed.
   */
  again?(job: Row): { inMs: number; reason: string } | undefined;

  /** In the transaction in which a job enters a state, after it has; the row may be changed. */
  entered?(tx: EntityManager, job: Row): Promise<void>;

  /** In the transaction in which the row of a deleted job goes, when nothing else of it is left. */
  removed?(tx: EntityManager, job: Row): Promise<void>;
}

/** The kinds of jobs there are, by name. */
export class JobKinds {
  readonly #kinds = new Map<JobKindName, JobKind>();

  constructor(kinds: readonly JobKind[]) {
    for (const kind of kinds) this.#kinds.set(kind.name, kind);
  }

  of({ kind }: Pick<Job, 'kind'>): JobKind {
    const found = this.#kinds.get(kind);
    if (!found) throw new Error(`there is no kind of job named ${kind}`);
    return found;
  }
}
