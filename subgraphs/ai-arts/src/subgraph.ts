import { sql, type House, type StartedServices, type SubgraphModule } from '@hutong/common';
import type { EngineOptions } from './drivers/engine/engine.js';
import { readLocalEngineSettings } from './drivers/engine/local/environment.js';
import { Dataset } from './dataset/dataset.entity.js';
import { loadDataset } from './dataset/dataset.reference.js';
import { DatasetResolver } from './dataset/dataset.resolver.js';
import { DatasetService } from './dataset/dataset.service.js';
import { readSlurmSettings } from './drivers/engine/slurm/environment.js';
import { readDiskSettings } from './drivers/store/disk/environment.js';
import { readS3Settings } from './drivers/store/s3/environment.js';
import type { Store } from './drivers/store/store.js';
import type { Engine } from './engine/engine.js';
import { EngineResolver } from './engine/engine.resolver.js';
import { openEngine } from './engine/open-engine.js';
import { readAiArtsSettings, type AiArtsSettings } from './environment.js';
import { FileSet } from './files/file-set.entity.js';
import { openFiles } from './files/open-files.js';
import { DatasetDownloadResolver, FileSetDownloadResolver, ModelDownloadResolver } from './files/transfer/download.resolver.js';
import { openTransfer } from './files/transfer/open-transfer.js';
import { transferRoutes } from './files/transfer/transfer.routes.js';
import { StorageResolver } from './files/storage.resolver.js';
import { FileSetResolver, UploadEventResolver } from './files/upload.resolver.js';
import { KeptImage } from './inference/image.entity.js';
import { InferenceService } from './inference/inference.entity.js';
import { InferenceKind } from './inference/inference.kind.js';
import { loadInferenceService } from './inference/inference.reference.js';
import { InferenceServiceResolver } from './inference/inference.resolver.js';
import type { ModelServers } from './inference/model.servers.js';
import { openInference, openServers, type ServersParts } from './inference/open-inference.js';
import { pictureRoute } from './inference/picture.route.js';
import { Job } from './job/job.entity.js';
import { JobEnvironments } from './job/job.environments.js';
import { JobResolver } from './job/job.resolver.js';
import { JobWork } from './job/job.work.js';
import { labellingRoutes } from './labelling/labelling.routes.js';
import { LabellingResolver } from './labelling/labelling.resolver.js';
import { openLabelling } from './labelling/open-labelling.js';
import { Migration20261121AiArts } from './migrations/migration-20261121-ai-arts.js';
import { Migration20261121Files } from './migrations/migration-20261121-files.js';
import { Migration20261121Jobs } from './migrations/migration-20261121-jobs.js';
import { Migration20261122Inferences } from './migrations/migration-20261122-inferences.js';
import { Migration20261122Admission } from './migrations/migration-20261122-admission.js';
import { Model } from './model/model.entity.js';
import { loadModel } from './model/model.reference.js';
import { ModelResolver } from './model/model.resolver.js';
import { ModelService } from './model/model.service.js';
import { Migration20261121Notebooks } from './migrations/migration-20261121-notebooks.js';
import { Migration20261122Labels } from './migrations/migration-20261122-labels.js';
import { Migration20261122StorageQuota } from './migrations/migration-20261122-storage-quota.js';
import { Migration20261123PublicParts } from './migrations/migration-20261123-public-parts.js';
import { Migration20261122LostJobs } from './migrations/migration-20261122-lost-jobs.js';
import { Notebook } from './notebook/notebook.entity.js';
import { NotebookKind } from './notebook/notebook.kind.js';
import { loadNotebook } from './notebook/notebook.reference.js';
import { NotebookResolver } from './notebook/notebook.resolver.js';
import { jupyterServers, notebookRoute, openNotebooks } from './notebook/open-notebooks.js';
import type { AiArtsContext, AiArtsServices } from './services.js';
import { openStore, type StoreChoice } from './store/open-store.js';
import { openTrainings } from './training/open-trainings.js';
import { Training } from './training/training.entity.js';
import { TrainingKind } from './training/training.kind.js';
import { loadTraining } from './training/training.reference.js';
import { TrainingResolver } from './training/training.resolver.js';

export type { AiArtsServices } from './services.js';
export { aiArtsEnvironment } from './environment.js';

/** What the subgraph is started with. */
export interface AiArtsParts {
  settings: AiArtsSettings;
  openEngine: (options: EngineOptions) => Promise<Engine>;
  openStore: () => Promise<Store>;
  /** By default those of every runtime. */
  openServers?: (parts: ServersParts) => ModelServers;
}

/** The subgraph with settings and drivers from elsewhere than the environment, for tests. */
export function aiArtsWith(readParts: () => AiArtsParts): SubgraphModule<AiArtsServices> {
  return {
    graph: {
      name: 'ai-arts',
      resolvers: [EngineResolver, FileSetResolver, UploadEventResolver, StorageResolver, FileSetDownloadResolver, DatasetDownloadResolver, ModelDownloadResolver, DatasetResolver, LabellingResolver, ModelResolver, JobResolver, NotebookResolver, TrainingResolver, InferenceServiceResolver],
      references: {
        InferenceService: ({ id }: { id: string }, context: AiArtsContext) => loadInferenceService(context, id),
        Dataset: ({ id }: { id: string }, context: AiArtsContext) => loadDataset(context, id),
        Model: ({ id }: { id: string }, context: AiArtsContext) => loadModel(context, id),
        Notebook: ({ id }: { id: string }, context: AiArtsContext) => loadNotebook(context, id),
        Training: ({ id }: { id: string }, context: AiArtsContext) => loadTraining(context, id),
      },
    },
    schema: 'ai_arts',
    entities: [FileSet, Dataset, Model, Job, Notebook, Training, InferenceService, KeptImage],
    migrations: [Migration20261121AiArts, Migration20261121Files, Migration20261121Jobs, Migration20261121Notebooks, Migration20261122LostJobs, Migration20261122Inferences, Migration20261122Admission, Migration20261122StorageQuota, Migration20261122Labels, Migration20261123PublicParts],
    routes: [...transferRoutes, notebookRoute, pictureRoute, ...labellingRoutes],
    checkSettings: () => void readParts(),
    start: (house) => start(house, readParts()),
  };
}

/** Notebooks, trainings, models, datasets, annotations and inference services. */
export const aiArts: SubgraphModule<AiArtsServices> = aiArtsWith(() => {
  const settings = readAiArtsSettings();
  const store: StoreChoice = settings.store === 's3' ? { driver: 's3', settings: readS3Settings() } : { driver: 'disk', settings: readDiskSettings() };
  const local = readLocalEngineSettings();
  const slurm = settings.engine === 'slurm' ? readSlurmSettings() : undefined;
  return { settings, openEngine: (options) => openEngine({ driver: settings.engine, local, slurm }, options), openStore: () => openStore(store) };
});

async function start(house: House, parts: AiArtsParts): Promise<StartedServices<AiArtsServices>> {
  const [installation] = await sql<{ id: string }>(house.database.em.fork(), 'select id from ai_arts.installation');
  const [engine, store] = await Promise.all([parts.openEngine({ installation: installation!.id, log: house.log }), parts.openStore()]);
  const { stop: stopFiles, ...files } = await openFiles({ house, store, settings: parts.settings });
  const { stop: stopTransfer, ...transfer } = openTransfer({ house, store, ...files, settings: parts.settings });
  const environments = new JobEnvironments(parts.settings.environments);
  const servers = jupyterServers(house, engine, parts.settings);
  const modelServers = (parts.openServers ?? openServers)({ house, engine, files: files.files, settings: parts.settings });
  const kinds = [
    new NotebookKind({ fork: () => house.database.em.fork(), files: files.files, servers, settings: parts.settings }),
    new TrainingKind({ files: files.files, environments, settings: parts.settings }),
    new InferenceKind({ files: files.files, servers: modelServers, settings: parts.settings }),
  ];
  const datasets = new DatasetService(files);
  const { stop: stopLabelling, ...labelling } = await openLabelling({ house, datasets, files: files.files, derivedFiles: files.derivedFiles, settings: parts.settings });
  const work = await JobWork.start({ house, engine, kinds, settings: parts.settings });
  const { stop: stopTrainings, ...trainings } = openTrainings({ house, engine, work, files: files.files, datasets, environments, settings: parts.settings });
  const { stop: stopNotebooks, ...notebooks } = await openNotebooks({ house, engine, work, files: files.files, environments, servers, settings: parts.settings });
  const models = new ModelService({ ...files, trainings: trainings.trainings });
  const { stop: stopInference, ...inference } = await openInference({ house, engine, store, work, files: files.files, models, servers: modelServers, settings: parts.settings });
  return {
    services: { engine, store, ...files, ...transfer, datasets, models, jobs: work.store, jobEvents: work.events, jobReconciler: work.reconciler, ...notebooks, ...trainings, ...labelling, ...inference },
    async stop() {
      await stopLabelling();
      await stopInference();
      await stopNotebooks();
      await stopTrainings();
      await work.stop();
      await stopTransfer();
      await stopFiles();
      await engine.close();
      await store.close();
    },
  };
}
