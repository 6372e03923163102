import type { House } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { DatasetService } from '../dataset/dataset.service.js';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import type { FileSets } from '../files/file-sets.js';
import type { JobEnvironments } from '../job/job.environments.js';
import type { JobWork } from '../job/job.work.js';
import { LogFollowers } from '../log/log.followers.js';
import { LogIndexes } from '../log/log.index.js';
import { JobLogs } from '../log/log.source.js';
import { MetricReader } from '../metrics/metric.reader.js';
import { MetricStore } from '../metrics/metric.store.js';
import { TrainingService } from './training.service.js';

interface TrainingsParts {
  house: House;
  engine: Engine;
  work: JobWork;
  files: FileSets;
  datasets: DatasetService;
  environments: JobEnvironments;
  settings: AiArtsSettings;
}

/** What trainings are served by, and their logs and metrics. */
export interface Trainings {
  trainings: TrainingService;
  logs: JobLogs;
  logFollowers: LogFollowers;
  logIndexes: LogIndexes;
  metrics: MetricStore;
  stop(): Promise<void>;
}

/** Begins to read the metrics of trainings. */
export function openTrainings({ house: { database, log }, engine, work, files, datasets, environments, settings }: TrainingsParts): Trainings {
  const fork = (): EntityManager => database.em.fork();
  const logs = new JobLogs({ fork, engine, referenceOf: (job) => work.errands.referenceOf(job) });
  const logFollowers = new LogFollowers({ logs, events: work.events, log });
  const metrics = new MetricStore(fork);
  const reader = new MetricReader({ fork, logs, metrics, events: work.events, log });
  return {
    trainings: new TrainingService({ engine, jobs: work.store, files, datasets, folders: work.folders, environments, settings }),
    logs,
    logFollowers,
    logIndexes: new LogIndexes(),
    metrics,
    async stop() {
      logFollowers.stop();
      await reader.stop();
    },
  };
}
