import { everyMinute, type House, type Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { AiArtsSettings } from '../environment.js';
import { JobState } from '../job/job.states.js';
import type { JobStore } from '../job/job.store.js';
import type { ImageKeeper } from './image.keeper.js';
import { removeAbandoned } from './image.source.js';
import { InferenceService } from './inference.entity.js';
import type { ModelServers } from './model.servers.js';

interface ActivityParts {
  fork: () => EntityManager;
  jobs: JobStore;
  images: ImageKeeper;
  servers: ModelServers;
  /** Where pictures are put aside. */
  aside: string;
  settings: Pick<AiArtsSettings, 'inferenceSleepMs'>;
  log: Log;
}

const SWEEP = 'inference-activity';

/** Once a minute, in one of the processes: has services sleep that nobody asks, and removes pictures whose time is over and what no service uses any more. */
export class InferenceActivity {
  readonly #parts: ActivityParts;
  readonly #stop = new AbortController();

  constructor(parts: ActivityParts) {
    this.#parts = parts;
  }

  async start(jobs: House['jobs']): Promise<void> {
    await everyMinute(await jobs(), SWEEP, () => this.sweep());
  }

  stop(): void {
    this.#stop.abort(new Error('the process stops'));
  }

  async sweep(now = new Date()): Promise<void> {
    await this.#parts.images.sweep(this.#stop.signal);
    await removeAbandoned(this.#parts.aside);
    await this.#putToSleep(now);
    await this.#parts.servers.sweep?.();
  }

  async #putToSleep(now: Date): Promise<void> {
    const { fork, jobs, settings, log } = this.#parts;
    if (settings.inferenceSleepMs === 0) return;
    const idle = { state: JobState.RUNNING, deletedAt: null, lastRequestAt: { $lte: new Date(now.getTime() - settings.inferenceSleepMs) } };
    for (const { id, runId } of await fork().find(InferenceService, idle)) {
      const changed = await fork().nativeUpdate(InferenceService, { ...idle, id, runId }, { isAsleep: true });
      if (changed > 0) await jobs.pause(id).catch((err: unknown) => log.warn({ err, job: id }, 'a service that nobody asks could not be stopped'));
    }
  }
}
