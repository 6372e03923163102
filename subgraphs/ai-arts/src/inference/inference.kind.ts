import { HutongError } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { EngineJobView } from '../drivers/engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { inferenceFailed } from '../errors.js';
import type { FileSets } from '../files/file-sets.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder } from '../job/job.folders.js';
import type { JobKind } from '../job/job.kind.js';
import { hasEnded, JobState } from '../job/job.states.js';
import type { InferenceService } from './inference.entity.js';
import type { ModelServers } from './model.servers.js';
import { openModel } from './served.models.js';

interface KindParts {
  files: FileSets;
  servers: ModelServers;
  settings: Pick<AiArtsSettings, 'servicesPerUser' | 'inferenceRestarts' | 'inferenceSleepMs'>;
}

const FIRST_RESTART_MS = 1_000;
const LATEST_RESTART_MS = 60_000;
/** A worker that ran for so long dies of something else than the one before it. */
const STABLE_MS = 600_000;
const MINUTE_MS = 60_000;
const OPEN_MS = 2_000;
const SERVER_FAULT = 500;

/** Inference services as jobs: their model is staged read-only, they run when they answer, and begin again when their worker dies. */
export class InferenceKind implements JobKind<InferenceService> {
  readonly name = 'INFERENCE';
  readonly quota: JobKind['quota'];

  constructor(private readonly parts: KindParts) {
    this.quota = { most: parts.settings.servicesPerUser, setting: 'INFERENCE_SERVICES_PER_USER' };
  }

  async prepare(job: InferenceService, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch | null> {
    const launch = await this.parts.servers.prepare(job, folder, signal);
    // What runs already is asked for its refusal by nobody.
    if (launch === null) await this.#tryToOpen(job, signal);
    return launch;
  }

  isReady(job: InferenceService, view: EngineJobView, signal: AbortSignal): Promise<boolean> {
    return this.parts.servers.isReady({ ...job, host: view.host ?? job.host }, signal);
  }

  /** What its worker says against its model, or that its hutong.json does not fit. */
  async refusal(job: InferenceService, view: EngineJobView, signal: AbortSignal): Promise<string | undefined> {
    const run = { ...job, host: view.host ?? job.host };
    if (view.state !== 'RUNNING') return this.parts.servers.refusalOf?.(run);
    try {
      await this.#tryToOpen(run, AbortSignal.any([signal, AbortSignal.timeout(OPEN_MS)]));
      return undefined;
    } catch (error) {
      if (signal.aborted) throw error;
      // What may be otherwise in a moment is told to whoever asks it.
      return error instanceof HutongError && error.status < SERVER_FAULT ? error.message : undefined;
    }
  }

  again(job: InferenceService): { inMs: number; reason: string } | undefined {
    const { inferenceRestarts: most } = this.parts.settings;
    const how = job.stateReason ?? `its worker ended with exit code ${job.exitCode}`;
    const ranMs = job.state === JobState.RUNNING && job.startedAt ? Date.now() - job.startedAt.getTime() : 0;
    const before = ranMs >= STABLE_MS ? 0 : job.restarts;
    if (before >= most) {
      job.stateReason = `${how}; it was started again ${before} times in a row (INFERENCE_RESTARTS)`;
      return undefined;
    }
    job.restarts = before + 1;
    const inMs = Math.min(FIRST_RESTART_MS * 2 ** before, LATEST_RESTART_MS);
    return { inMs, reason: `${how}; it is started again in ${inMs / 1_000} s (${job.restarts} of ${most})` };
  }

  async entered(tx: EntityManager, job: InferenceService): Promise<void> {
    const { files, settings } = this.parts;
    if (job.state === JobState.RUNNING) Object.assign(job, { lastRequestAt: new Date(), isAsleep: false });
    if (job.state === JobState.PAUSED && job.isAsleep) job.stateReason = `nobody asked it for ${settings.inferenceSleepMs / MINUTE_MS} min; the next request wakes it`;
    if (job.state === JobState.QUEUED) await files.claim(tx, job.modelFileSetId, `run:${job.id}`);
    if (hasEnded(job.state)) await files.release(tx, `run:${job.id}`);
  }

  async removed(tx: EntityManager, job: InferenceService): Promise<void> {
    await this.parts.files.release(tx, `job:${job.id}`);
  }

  /** @throws what `openModel` does, but for SERVICE_BUSY, which says nothing against the model: INFERENCE_FAILED */
  async #tryToOpen(run: Parameters<typeof openModel>[1], signal: AbortSignal): Promise<void> {
    try {
      const { runtime } = await openModel(this.parts, run, signal);
      await runtime.close();
    } catch (error) {
      throw error instanceof HutongError && error.code === 'SERVICE_BUSY' ? inferenceFailed({ words: error.message, cause: error }) : error;
    }
  }
}
