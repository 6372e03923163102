import { everyMinute, type House, type Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AiArtsSettings } from '../environment.js';
import { JobState } from '../job/job.states.js';
import type { JobStore } from '../job/job.store.js';
import type { JupyterServers } from './jupyter.server.js';
import { Notebook } from './notebook.entity.js';
import type { NotebookLinks } from './notebook.links.js';

interface ActivityParts {
  fork: () => EntityManager;
  jobs: JobStore;
  servers: JupyterServers;
  links: NotebookLinks;
  settings: Pick<AiArtsSettings, 'notebookIdleMs'>;
  log: Log;
}

const SWEEP = 'notebook-activity';
const AT_ONCE = 8;

/** Asks running notebooks once a minute, in one of the processes, when they were used last, and stops those that nobody uses. */
export class NotebookActivity {
  constructor(private readonly parts: ActivityParts) {}

  async start(jobs: House['jobs']): Promise<void> {
    await everyMinute(await jobs(), SWEEP, () => this.sweep());
  }

  async sweep(now = new Date()): Promise<void> {
    const { fork, links } = this.parts;
    await links.forgetOld(fork());
    const running = await fork().find(Notebook, { state: JobState.RUNNING, deletedAt: null });
    const places = running.values();
    const inTurn = async (): Promise<void> => {
      for (const notebook of places) await this.#lookAt(notebook, now).catch((err: unknown) => this.parts.log.warn({ err, job: notebook.id }, 'a notebook could not be asked for its activity'));
    };
    await Promise.all(Array.from({ length: AT_ONCE }, inTurn));
  }

  async #lookAt({ id, runId, host, lastActivityAt: before, startedAt }: Notebook, now: Date): Promise<void> {
    const { fork, jobs, servers, settings } = this.parts;
    const status = await servers.statusOf({ id, runId, host });
    const last = status?.lastActivityAt ?? before ?? startedAt ?? now;
    const isIdle = settings.notebookIdleMs > 0 && now.getTime() - last.getTime() >= settings.notebookIdleMs;
    await fork().nativeUpdate(Notebook, { id, runId, state: JobState.RUNNING }, { lastActivityAt: last });
    if (isIdle) await jobs.pause(id, (job) => fallsIdle(job as Notebook, runId));
  }
}

/** Marks a notebook as one that nobody uses, if it is still in the run that was looked at. */
function fallsIdle(notebook: Notebook, runId: string): boolean {
  const isIdle = notebook.runId === runId && notebook.state === JobState.RUNNING;
  if (isIdle) notebook.isIdle = true;
  return isIdle;
}
