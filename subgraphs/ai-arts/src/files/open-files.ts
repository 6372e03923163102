import path from 'node:path';
import { sql, WorkerPresence, type House } from '@hutong/common';
import type { Store } from '../drivers/store/store.js';
import type { AiArtsSettings } from '../environment.js';
import { DerivedFiles } from './derived.files.js';
import { FileSetRemoval } from './file-set.removal.js';
import { FileSetRows } from './file-set.rows.js';
import { FileSetSweeper } from './file-set.sweeper.js';
import { FileSets } from './file-sets.js';
import { incomingFolder, Intake } from './intake.js';
import { SharedFiles } from './shared-files.js';
import { StorageQuota } from './storage.quota.js';
import { StagingCache } from './staging.cache.js';
import { UploadEvents } from './upload.events.js';
import { UploadService } from './upload.service.js';

export interface FilesParts {
  house: House;
  store: Store;
  settings: AiArtsSettings;
}

/** Everything about files, put together. */
export interface Files {
  files: FileSets;
  derivedFiles: DerivedFiles;
  uploads: UploadService;
  uploadEvents: UploadEvents;
  fileSweeper: FileSetSweeper;
  storageQuota: StorageQuota;
  stop(): Promise<void>;
}

/** What jobs use that may run. */
const IN_USE = `select distinct content_hash as "contentHash" from ai_arts.file_set join ai_arts.file_set_claim on file_set_id = id where claimant like 'run:%'`;

/** Begins to take files in, and to remove what is to go. */
export async function openFiles({ house, store, settings }: FilesParts): Promise<Files> {
  const { database, databaseUrl, events, log } = house;
  const presence = await WorkerPresence.open(databaseUrl, log);
  const fork = () => database.em.fork();
  const uploadEvents = new UploadEvents(events);
  const storageQuota = new StorageQuota({ fork, limits: settings.quota });
  const rows = new FileSetRows({ fork, events: uploadEvents, quota: storageQuota });
  const removal = new FileSetRemoval({ fork, store });
  const intake = new Intake({ fork, store, rows, removal, events: uploadEvents, presence, settings, log });
  const inUse = async () => new Set((await sql<{ contentHash: string }>(fork(), IN_USE)).map(({ contentHash }) => contentHash));
  const cache = new StagingCache({ store, folder: path.join(settings.dataDirectory, 'ai-arts', 'cache'), mostBytes: settings.cacheBytes, inUse });
  const fileSweeper = new FileSetSweeper({ fork, store, rows, quota: storageQuota, removal, cache, presence, incoming: incomingFolder(settings.dataDirectory), log });
  await fileSweeper.start(house);
  return {
    files: new FileSets({ fork, store, rows, intake, cache, settings, log }),
    derivedFiles: new DerivedFiles({ fork, store, intake }),
    uploads: new UploadService({ intake, shared: new SharedFiles({ store, intake, settings }) }),
    uploadEvents,
    fileSweeper,
    storageQuota,
    async stop() {
      await fileSweeper.stop();
      await intake.stop();
      await presence.stop();
    },
  };
}
