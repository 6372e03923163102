import type { SubgraphContext } from '@hutong/common';
import type { DatasetService } from './dataset/dataset.service.js';
import type { Store } from './drivers/store/store.js';
import type { Engine } from './engine/engine.js';
import type { JobEvents } from './job/job.events.js';
import type { JobReconciler } from './job/job.reconciler.js';
import type { JobStore } from './job/job.store.js';
import type { Labelling } from './labelling/open-labelling.js';
import type { LogFollowers } from './log/log.followers.js';
import type { LogIndexes } from './log/log.index.js';
import type { JobLogs } from './log/log.source.js';
import type { MetricStore } from './metrics/metric.store.js';
import type { Notebooks } from './notebook/open-notebooks.js';
import type { TrainingService } from './training/training.service.js';
import type { ModelService } from './model/model.service.js';
import type { Inference } from './inference/open-inference.js';
import type { Files } from './files/open-files.js';
import type { Transfer } from './files/transfer/open-transfer.js';

/** What the resolvers of this subgraph work with. */
export interface AiArtsServices extends Omit<Files, 'stop'>, Omit<Transfer, 'stop'>, Omit<Notebooks, 'stop'>, Omit<Labelling, 'stop'>, Omit<Inference, 'stop'> {
  engine: Engine;
  store: Store;
  datasets: DatasetService;
  models: ModelService;
  jobs: JobStore;
  jobEvents: JobEvents;
  jobReconciler: JobReconciler;
  logs: JobLogs;
  logFollowers: LogFollowers;
  logIndexes: LogIndexes;
  metrics: MetricStore;
  trainings: TrainingService;
}

export type AiArtsContext = SubgraphContext<AiArtsServices>;
