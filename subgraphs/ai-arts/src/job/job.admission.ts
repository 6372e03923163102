import { preparedSql, rowOf, type PreparedStatement } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { claimFileSet, type Claimant } from '../files/file-set.claims.js';
import type { Job } from './job.entity.js';
import type { JobEvents } from './job.events.js';
import { ADMITTED, type JobQuota } from './job.quota.js';
import type { JobRows } from './job.rows.js';

interface AdmissionParts {
  fork: () => EntityManager;
  rows: JobRows;
  events: JobEvents;
  quota: JobQuota;
}

/** Files that a new job keeps. */
export interface FileClaim {
  fileSetId: string;
  claimant: Claimant;
}

/** Stores new jobs, each with its claims, its event and its errand, within the quota of its owner. */
export class JobAdmission {
  constructor(private readonly parts: AdmissionParts) {}

  /** @throws JOB_QUOTA_EXCEEDED, PATH_MISSING for files that are gone, UniqueConstraintViolationException for a client token that is used */
  async admit(job: Job, claims: readonly FileClaim[]): Promise<void> {
    const { fork, rows, quota } = this.parts;
    if (await this.#admitAtOnce(job, claims)) return;
    await fork().transactional(async (tx) => {
      await quota.require(tx, job);
      for (const { fileSetId, claimant } of claims) await claimFileSet(tx, fileSetId, claimant);
      await rows.insert(tx, job);
    });
  }

  /** The same in one statement, when nothing stands in its way; false: nothing was done, and why is to be found out step by step. */
  async #admitAtOnce(job: Job, claims: readonly FileClaim[]): Promise<boolean> {
    const { fork, events, quota } = this.parts;
    const bound = quota.bound(job);
    if (bound === 0) return false;
    const em = fork();
    const { columns, json } = rowOf(em, job);
    const { topic, subject, payload } = events.eventOf(job, job.state);
    const parameters = [job.ownerId, bound, json, claims.map(({ fileSetId }) => fileSetId), claims.map(({ claimant }) => claimant), topic, subject, JSON.stringify(payload)];
    const stored = await preparedSql(em, this.#statement(job, columns), parameters);
    if (stored.length === 0) return false;
    events.tellSoon(job.errand !== null);
    return true;
  }

  #statement({ kind }: Job, columns: string): PreparedStatement {
    const text = `
      with ${ADMITTED}, claim as (
        select file_set_id, claimant from unnest($4::uuid[], $5::text[]) as claim (file_set_id, claimant)
      ), kept as (
        select id from ai_arts.file_set where id = any ($4::uuid[]) and state = 'READY' and expires_at is null and (select is_in from admitted) for share
      ), stored as (
        insert into ai_arts.job (${columns}) select ${columns} from json_populate_record(null::ai_arts.job, $3::json)
        where (select is_in from admitted) and not exists (select from claim where file_set_id not in (select id from kept))
        on conflict (owner_id, kind, client_token) do nothing returning id
      ), claimed as (
        insert into ai_arts.file_set_claim (file_set_id, claimant) select file_set_id, claimant from claim, stored
      ), told as (
        ${this.parts.events.appendingSql('select $6::text, $7::text, $8::jsonb from stored')}
      ) select id from stored`;
    return { name: `admit ${kind}`, text };
  }
}
