import path from 'node:path';
import type { House } from '@hutong/common';
import type { Store } from '../../drivers/store/store.js';
import type { AiArtsSettings } from '../../environment.js';
import type { UploadEvents } from '../upload.events.js';
import type { UploadService } from '../upload.service.js';
import { DownloadLinks } from './download.links.js';
import { Downloads } from './downloads.js';
import { ResumableProgress } from './resumable.progress.js';
import { ResumableStore } from './resumable.store.js';
import { ResumableUploads } from './resumable.uploads.js';

export interface TransferParts {
  house: Pick<House, 'database' | 'secret' | 'log'>;
  store: Store;
  uploads: UploadService;
  uploadEvents: UploadEvents;
  settings: Pick<AiArtsSettings, 'dataDirectory' | 'resumable'>;
}

/** Files on their way over HTTP beside the graph. */
export interface Transfer {
  downloads: Downloads;
  resumable: ResumableUploads;
  stop(): Promise<void>;
}

export function openTransfer({ house: { database, secret, log }, store, uploads, uploadEvents: events, settings: { dataDirectory, resumable: limits } }: TransferParts): Transfer {
  const progress = new ResumableProgress({ fork: () => database.em.fork(), events, log });
  const unfinished = new ResumableStore({ folder: path.join(dataDirectory, 'ai-arts', 'uploads'), lifetimeMs: limits.lifetimeMs, progress });
  const resumable = new ResumableUploads({ store: unfinished, progress, uploads, limits, log });
  return { downloads: new Downloads({ store, links: new DownloadLinks(secret), log }), resumable, stop: () => resumable.stop() };
}
