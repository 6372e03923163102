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
    const changed = await fork().nativeUpdate(Notebook, { id, runId, state: JobState.RUNNING }, { lastActivityAt: last, isIdle });
    if (isIdle && changed > 0) await jobs.pause(id);
  }
}
