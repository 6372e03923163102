import path from 'node:path';
import type { House } from '@hutong/common';
import { StagedRuntime } from '../drivers/runtime/onnx/staged.runtime.js';
import type { Store } from '../drivers/store/store.js';
import type { Engine } from '../engine/engine.js';
import type { AiArtsSettings } from '../environment.js';
import type { FileSets } from '../files/file-sets.js';
import { JobFolders } from '../job/job.folders.js';
import { ImageDecoder } from '../image/image.decoder.js';
import type { JobWork } from '../job/job.work.js';
import type { ModelService } from '../model/model.service.js';
import { ImageKeeper } from './image.keeper.js';
import { InferenceActivity } from './inference.activity.js';
import { InferenceServices } from './inference.service.js';
import type { ModelServers } from './model.servers.js';
import { OipServers } from './oip.servers.js';
import { OnnxServers } from './onnx.servers.js';
import { PictureLinks } from './picture.links.js';
import { RecognitionService } from './recognition.service.js';
import { RequestCounters } from './request.counters.js';
import { RuntimeServers } from './runtime.servers.js';
import { ServedModels } from './served.models.js';
import { ServiceGate } from './service.gate.js';

/** What servers of models are opened with. */
export interface ServersParts {
  house: Pick<House, 'secret' | 'database'>;
  engine: Engine;
  files: FileSets;
  settings: AiArtsSettings;
}

interface InferenceParts {
  house: House;
  engine: Engine;
  store: Store;
  work: JobWork;
  files: FileSets;
  models: ModelService;
  servers: ModelServers;
  settings: AiArtsSettings;
}

/** Inference services as resolvers and routes use them. */
export interface Inference {
  inferenceServices: InferenceServices;
  inferenceActivity: InferenceActivity;
  recognition: RecognitionService;
  requestCounters: RequestCounters;
  images: ImageKeeper;
  pictureLinks: PictureLinks;
  stop(): Promise<void>;
}

/** The servers of every runtime. */
export function openServers({ house, engine, files, settings }: ServersParts): ModelServers {
  const folders = new JobFolders(settings.dataDirectory);
  const isOnThisMachine = () => engine.isConfigured && engine.driver.name === 'local';
  return new RuntimeServers({ onnx: new OnnxServers({ secret: house.secret, folders, files, isOnThisMachine, runtime: new StagedRuntime(settings.dataDirectory), fork: () => house.database.em.fork() }), oip: new OipServers(settings.oip) });
}

/** Begins to have services sleep that nobody asks, and to remove pictures whose time is over. */
export async function openInference({ house, engine, store, work, files, models, servers, settings }: InferenceParts): Promise<Inference> {
  const { database, log, secret } = house;
  const fork = () => database.em.fork();
  const aside = path.join(settings.dataDirectory, 'ai-arts', 'pictures');
  const images = new ImageKeeper({ fork, store, settings, log });
  const pictureLinks = new PictureLinks(secret);
  const requestCounters = new RequestCounters({ fork, most: settings.inferenceQueue, log });
  const served = new ServedModels({ servers, files, events: work.events });
  const decoder = new ImageDecoder({ bytes: settings.inferenceImages.bytes, pixels: settings.inferenceImages.pixels, processes: settings.inferenceImages.decoders });
  const gate = new ServiceGate({ jobs: work.store, events: work.events, counters: requestCounters });
  const inferenceActivity = new InferenceActivity({ fork, jobs: work.store, images, servers, aside, settings, log });
  await inferenceActivity.start(() => house.jobs());
  return {
    inferenceServices: new InferenceServices({ fork, engine, jobs: work.store, models, gate, settings }),
    inferenceActivity,
    recognition: new RecognitionService({ gate, models: served, images, decoder, links: pictureLinks, counters: requestCounters, aside, settings }),
    requestCounters,
    images,
    pictureLinks,
    async stop() {
      inferenceActivity.stop();
      served.stop();
      await decoder.close();
      await requestCounters.stop();
    },
  };
}
