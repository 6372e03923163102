import { HutongError, sql, type WorkerPresence } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { EngineError, type EngineJobReference } from '../drivers/engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { jobState } from '../errors.js';
import { Job, type JobErrand, type JobLaunch } from './job.entity.js';
import type { JobKinds } from './job.kind.js';
import type { JobFolders } from './job.folders.js';
import { retryDelayMs } from './job.retries.js';
import type { JobRows } from './job.rows.js';
import { hasEnded, JobState } from './job.states.js';

interface JobErrandsParts {
  fork: () => EntityManager;
  rows: JobRows;
  kinds: JobKinds;
  folders: JobFolders;
  presence: WorkerPresence;
  settings: Pick<AiArtsSettings, 'jobsAhead'>;
}

/** Errands that nobody is at and that may be begun. Clocks of processes differ, so that only those are waited for that have failed. */
const DUE = `job.errand is not null and job.worker is null and (job.tries = 0 or job.not_before <= clock_timestamp())`;

/** Jobs that the engine has and does not run yet, and those that are being handed to it; and whether anything is to be taken away. */
const AHEAD = `
  select (select count(*) from ai_arts.job where state in ('QUEUED', 'SCHEDULING') and errand is null)::integer
    + (select count(*) from ai_arts.job where worker is not null and errand = 'SUBMIT')::integer as ahead,
    exists (select from ai_arts.job where errand in ('STOP', 'REMOVE') and worker is null) as "hasOthers"`;

/**
 * Of what is to be submitted every user's first comes first, then every user's second; among those the user who was served
 * longest ago. What the engine has not begun stays few, as it knows no turns. What takes away has room of its own, so that
 * it never waits for files to be staged.
 */
const CLAIM = `
  with due as (
    select job.id, job.owner_id, job.errand = 'SUBMIT' as submits, job.created_at,
      row_number() over (partition by job.owner_id, job.errand = 'SUBMIT' order by job.not_before, job.created_at, job.id) as place
    from ai_arts.job job where ${DUE} and (job.errand <> 'SUBMIT' or $2 > 0)
  ), ranked as (
    select due.id, due.submits, row_number() over (partition by due.submits order by due.place, turn.served_at nulls first, due.created_at, due.id) as rank
    from due left join ai_arts.turn turn using (owner_id)
  ), chosen as (
    select id from ranked where rank <= case when submits then $2::integer else $3::integer end
  ), held as (
    select job.id from ai_arts.job job where job.id in (select id from chosen) and job.errand is not null and job.worker is null for update skip locked
  ), claimed as (
    update ai_arts.job job set worker = $1 from held where job.id = held.id returning job.id
  )
  select coalesce((select array_agg(id) from claimed), '{}') as ids, (select count(*) from chosen) > (select count(*) from held) as "isHeldUp"`;

const TURN_TAKEN = `
  insert into ai_arts.turn (owner_id, served_at) select owner_id, clock_timestamp() from unnest($1::text[]) as owner_id order by owner_id
  on conflict (owner_id) do update set served_at = excluded.served_at`;

const NEXT_TRY = `
  select extract(epoch from min(not_before) - clock_timestamp()) * 1000 as "inMs" from ai_arts.job where errand is not null and worker is null and tries > 0`;

/** The errands of jobs from their turn to their end, each step written down in one short transaction. */
export class JobErrands {
  constructor(private readonly parts: JobErrandsParts) {}

  /**
   * Takes jobs whose turn it is, for this process to run their errands: so many that are to be submitted, and so many others.
   *
   * @returns them; whether the engine has as many jobs before it as it is given; and whether somebody held the row of one whose
   * turn it was, who need not change it, so that nobody tells when it is free
   */
  async claim(room: { submits: number; others: number }): Promise<{ jobs: Job[]; isFull: boolean; isHeldUp: boolean }> {
    const { fork, presence, settings } = this.parts;
    // To rank thousands that wait takes long, and mostly there is no room for any of them.
    const [now] = await sql<{ ahead: number; hasOthers: boolean }>(fork(), AHEAD);
    const isFull = now!.ahead >= settings.jobsAhead;
    const submits = isFull ? 0 : Math.min(room.submits, settings.jobsAhead - now!.ahead);
    if (submits <= 0 && !now!.hasOthers) return { jobs: [], isFull, isHeldUp: false };
    const begun: string[] = [];
    try {
      return await fork().transactional(async (tx) => {
        const [claimed] = await sql<{ ids: string[]; isHeldUp: boolean }>(tx, CLAIM, [presence.id, Math.max(0, submits), room.others]);
        const { ids, isHeldUp } = claimed!;
        if (ids.length === 0) return { jobs: [], isFull, isHeldUp };
        for (const id of ids) {
          begun.push(id);
          presence.begin(id);
        }
        const jobs = await tx.find(Job, { id: { $in: begun } }, { populate: ['launch'] });
        await sql(tx, TURN_TAKEN, [[...new Set(jobs.filter(({ errand }) => errand === 'SUBMIT').map(({ ownerId }) => ownerId))]]);
        return { jobs, isFull, isHeldUp };
      });
    } catch (error) {
      for (const id of begun) presence.end(id);
      throw error;
    }
  }

  /** In how many milliseconds an errand that has failed is to be tried again, 0: now; undefined: there is none. */
  async nextTryInMs(): Promise<number | undefined> {
    const [row] = await sql<{ inMs: string | null }>(this.parts.fork(), NEXT_TRY);
    return row?.inMs == null ? undefined : Math.max(0, Number(row.inMs));
  }

  /** What a driver is told of a job that it was, or may have been, asked to run. */
  referenceOf(job: Job): EngineJobReference {
    return { id: job.runId, engineId: job.engineId, folder: this.parts.folders.of(job).path, tasks: job.tasks };
  }

  /**
   * Writes down what the engine is about to be asked for.
   *
   * @throws JOB_STATE_CONFLICT when the job is not to be run any more
   */
  async staged(job: Job, launch: JobLaunch): Promise<void> {
    const { rows, presence } = this.parts;
    await rows.change(job.id, async (_tx, row) => {
      if (row.worker !== presence.id || row.errand !== 'SUBMIT' || row.runId !== job.runId) throw jobState({ id: job.id, state: row.state, wanted: 'be run' });
      Object.assign(row, { launch, isStaged: true, tasks: launch.tasks });
    });
    Object.assign(job, { launch, isStaged: true, tasks: launch.tasks });
  }

  /** The engine has taken on a job. */
  async submitted(job: Job, engineId: string): Promise<void> {
    await this.#end(job, 'SUBMIT', async (_tx, row) => void Object.assign(row, { errand: null, worker: null, tries: 0, engineId, stateReason: null }), (row) => (row.engineId = engineId));
  }

  /** A job for which nothing need run on the engine runs. */
  async served(job: Job): Promise<void> {
    await this.#end(job, 'SUBMIT', async (tx, row) => {
      Object.assign(row, { errand: null, worker: null, tries: 0, stateReason: null, startedAt: new Date() });
      await this.parts.rows.become(tx, row, JobState.RUNNING);
    });
  }

  /** The engine was asked to end a job, and will. */
  async stopped(job: Job): Promise<void> {
    await this.#end(job, 'STOP', async (_tx, row) => void Object.assign(row, { errand: null, worker: null, tries: 0 }));
  }

  /** Nothing of a deleted job is left but its row. */
  async removed(job: Job): Promise<void> {
    await this.#end(job, 'REMOVE', async (tx, row) => {
      await this.parts.kinds.of(row).removed?.(tx, row);
      await tx.remove(row).flush();
    });
  }

  /** An errand failed: it is given up, or tried again later. */
  async failed(job: Job, errand: JobErrand, error: unknown): Promise<void> {
    await this.#end(job, errand, async (tx, row) => {
      const words = wordsOf(error);
      const delayMs = retryDelayMs(errand, error, row.tries);
      row.worker = null;
      // How it has ended is not hidden by what is still to be taken away.
      const stateReason = hasEnded(row.state) ? row.stateReason : words;
      if (delayMs !== undefined) Object.assign(row, { tries: row.tries + 1, notBefore: new Date(Date.now() + delayMs), stateReason });
      else {
        Object.assign(row, { errand: null, tries: 0, stateReason: words });
        await this.parts.rows.ended(tx, row, JobState.ERROR);
      }
    });
  }

  /** This process will not run an errand that it has begun; another one, or its next start, does. */
  async giveBack(job: Job, errand: JobErrand): Promise<void> {
    await this.#end(job, errand, async (_tx, row) => void (row.worker = null));
  }

  /** Gives back what dead processes were at, and has workers look for all that is to be done. */
  async takeOver(): Promise<void> {
    const { fork, rows, presence } = this.parts;
    const held = await fork().find(Job, { worker: { $ne: null } }, { fields: ['id'] });
    for (const { id } of held) {
      await rows.changeIfThere(id, async (tx, row) => {
        if (row.worker !== null && (await presence.isAbandoned(tx, { worker: row.worker, key: id }))) row.worker = null;
      });
    }
    await fork().transactional((tx) => rows.wake(tx));
  }

  /** Ends this process's part in an errand; when something else was asked for meanwhile, that comes next. */
  async #end(job: Job, errand: JobErrand, work: (tx: EntityManager, row: Job) => Promise<void>, otherwise?: (row: Job) => void): Promise<void> {
    const { rows, presence } = this.parts;
    await rows.changeIfThere(job.id, async (tx, row) => {
      if (row.worker !== presence.id) return;
      const isSameRun = row.runId === job.runId;
      if (row.errand === errand && isSameRun && !(errand === 'SUBMIT' && hasEnded(row.state))) return work(tx, row);
      if (isSameRun) otherwise?.(row);
      row.worker = null;
      await rows.wake(tx);
    });
  }
}

/** What may be shown of a failure. */
const wordsOf = (error: unknown): string => (error instanceof EngineError || error instanceof HutongError ? error.message : 'an internal error');
