import { rm } from 'node:fs/promises';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { EngineJobView } from '../drivers/engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import type { FileSets } from '../files/file-sets.js';
import type { JobLaunch } from '../job/job.entity.js';
import type { JobFolder } from '../job/job.folders.js';
import type { JobKind } from '../job/job.kind.js';
import { JobState } from '../job/job.states.js';
import { deviceOf } from '../training/training.device.js';
import type { JupyterServers } from './jupyter.server.js';
import { remedyFor } from './jupyter.program.js';
import { Notebook } from './notebook.entity.js';

interface KindParts {
  fork: () => EntityManager;
  files: FileSets;
  servers: JupyterServers;
  settings: Pick<AiArtsSettings, 'notebooksPerUser' | 'notebookIdleMs' | 'notebookCommand'>;
}

const HOUR_MS = 3_600_000;
/** With which a shell, or what starts a program in its place, says that there is none. */
const NO_PROGRAM = [126, 127];

/** Notebooks as jobs: their code is copied once, and they run when Jupyter answers. */
export class NotebookKind implements JobKind<Notebook> {
  readonly name = 'NOTEBOOK';
  readonly quota: JobKind['quota'];

  constructor(private readonly parts: KindParts) {
    this.quota = { most: parts.settings.notebooksPerUser, setting: 'NOTEBOOKS_PER_USER' };
  }

  async prepare(job: Notebook, folder: JobFolder, signal: AbortSignal): Promise<JobLaunch> {
    const { files, fork, servers } = this.parts;
    if (job.codeFileSetId !== null && !job.isCodeCopied) {
      // What was copied before a crash may be there by halves.
      await rm(folder.work, { recursive: true, force: true });
      await files.copyTo(job.codeFileSetId, folder.work, signal);
      await fork().nativeUpdate(Notebook, { id: job.id }, { isCodeCopied: true });
    }
    return {
      ...servers.launchOf(job, folder),
      readOnly: [],
      tasks: 1,
      ...deviceOf(job),
      memoryBytes: job.memoryBytes,
      timeLimitSeconds: null,
      network: true,
    };
  }

  async isReady(job: Notebook, view: EngineJobView, signal: AbortSignal): Promise<boolean> {
    return (await this.parts.servers.statusOf({ id: job.id, runId: job.runId, host: view.host ?? job.host }, signal)) !== undefined;
  }

  async entered(_tx: EntityManager, job: Notebook): Promise<void> {
    if (job.state === JobState.RUNNING) Object.assign(job, { lastActivityAt: new Date(), isIdle: false });
    if (job.state === JobState.PAUSED && job.isIdle) job.stateReason = `nobody used it for ${this.parts.settings.notebookIdleMs / HOUR_MS} h; start it to go on`;
    if (job.state === JobState.FAILED && job.exitCode !== null && NO_PROGRAM.includes(job.exitCode)) job.stateReason = remedyFor(this.parts.settings.notebookCommand);
  }

  async removed(tx: EntityManager, job: Notebook): Promise<void> {
    await this.parts.files.release(tx, `job:${job.id}`);
  }
}
