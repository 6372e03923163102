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
    const { images, aside, servers } = this.#parts;
    // A store that is away keeps no service awake.
    const done = await Promise.allSettled([images.sweep(this.#stop.signal), removeAbandoned(aside), this.#putToSleep(now), servers.sweep?.()]);
    for (const part of done) if (part.status === 'rejected') throw part.reason;
  }

  async #putToSleep(now: Date): Promise<void> {
    const { fork, jobs, settings, log } = this.#parts;
    if (settings.inferenceSleepMs === 0) return;
    const since = new Date(now.getTime() - settings.inferenceSleepMs);
    for (const { id } of await fork().find(InferenceService, { state: JobState.RUNNING, deletedAt: null, lastRequestAt: { $lte: since } })) {
      await jobs.pause(id, (job) => fallsAsleep(job as InferenceService, since)).catch((err: unknown) => log.warn({ err, job: id }, 'a service that nobody asks could not be stopped'));
    }
  }
}

/** Marks a service as one that the next request wakes, if nobody has asked it since. */
function fallsAsleep(service: InferenceService, since: Date): boolean {
  const { state, deletedAt, lastRequestAt } = service;
  const isIdle = state === JobState.RUNNING && deletedAt === null && lastRequestAt !== null && lastRequestAt <= since;
  if (isIdle) service.isAsleep = true;
  return isIdle;
}
