import { WorkerPresence, type House } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import { JobAdmission } from './job.admission.js';
import { JobErrands } from './job.errands.js';
import { JobEvents } from './job.events.js';
import { JobFolders } from './job.folders.js';
import { JobKinds, type JobKind } from './job.kind.js';
import { JobObserver } from './job.observer.js';
import { JobQuota } from './job.quota.js';
import { JobReconciler } from './job.reconciler.js';
import { JobRows } from './job.rows.js';
import { JobStore } from './job.store.js';
import { JobWatcher } from './job.watcher.js';
import { JobWorker } from './job.worker.js';

interface JobWorkParts {
  house: House;
  engine: Engine;
  kinds: readonly JobKind[];
  settings: AiArtsSettings;
}

/** Everything that jobs of all kinds are done by, in this process. */
export class JobWork {
  private constructor(
    readonly store: JobStore,
    readonly events: JobEvents,
    readonly folders: JobFolders,
    readonly errands: JobErrands,
    readonly reconciler: JobReconciler,
    private readonly worker: JobWorker,
    private readonly watcher: JobWatcher,
    private readonly presence: WorkerPresence,
  ) {}

  /** Begins to work on what is to be done. */
  static async start({ house, engine, kinds: list, settings }: JobWorkParts): Promise<JobWork> {
    const { log, database, databaseUrl } = house;
    const fork = (): EntityManager => database.em.fork();
    const presence = await WorkerPresence.open(databaseUrl, log);
    const kinds = new JobKinds(list);
    const events = new JobEvents(house.events);
    const rows = new JobRows({ fork, kinds, events });
    const quota = new JobQuota(kinds);
    const folders = new JobFolders(settings.dataDirectory);
    const errands = new JobErrands({ fork, rows, kinds, folders, presence, settings });
    const watcher = new JobWatcher({ fork, engine, observer: new JobObserver({ rows, kinds }), referenceOf: (job) => errands.referenceOf(job), onNews: () => worker.wake(true), log });
    const worker = new JobWorker({ engine, kinds, errands, folders, events, presence, settings, onEngineAsked: (runId) => watcher.hear(runId), log });
    const reconciler = new JobReconciler({ fork, engine, errands, folders, watcher, settings, log });
    const work = new JobWork(new JobStore({ engine, rows, quota, admission: new JobAdmission({ fork, rows, events, quota }), settings }), events, folders, errands, reconciler, worker, watcher, presence);
    await reconciler.start(() => house.jobs());
    return work;
  }

  /** Stops to work; jobs go on on the engine. */
  async stop(): Promise<void> {
    await this.reconciler.stop();
    await this.watcher.stop();
    await this.worker.stop();
    await this.presence.stop();
  }
}
