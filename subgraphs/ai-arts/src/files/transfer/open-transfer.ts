import path from 'node:path';
import type { House } from '@hutong/common';
import type { Store } from '../../drivers/store/store.js';
import type { AiArtsSettings } from '../../environment.js';
import type { StorageQuota } from '../storage.quota.js';
import type { UploadEvents } from '../upload.events.js';
import type { UploadService } from '../upload.service.js';
import { DownloadLinks } from './download.links.js';
import { Downloads } from './downloads.js';
import { ResumableProgress } from './resumable.progress.js';
import { ResumableStore, type ResumableUpload } from './resumable.store.js';
import { ResumableUploads } from './resumable.uploads.js';

export interface TransferParts {
  house: Pick<House, 'database' | 'secret' | 'log'>;
  store: Store;
  uploads: UploadService;
  uploadEvents: UploadEvents;
  storageQuota: StorageQuota;
  settings: Pick<AiArtsSettings, 'dataDirectory' | 'resumable' | 'presignsDownloads'>;
}

/** Files on their way over HTTP beside the graph. */
export interface Transfer {
  downloads: Downloads;
  resumable: ResumableUploads;
  stop(): Promise<void>;
}

export function openTransfer({ house: { database, secret, log }, store, uploads, uploadEvents: events, storageQuota, settings }: TransferParts): Transfer {
  const { dataDirectory, resumable: limits, presignsDownloads } = settings;
  const progress = new ResumableProgress({ fork: () => database.em.fork(), events, log });
  const reservationOf = ({ id, ownerId, size }: ResumableUpload) => ({ id, ownerId, bytes: size, lifetimeMs: limits.lifetimeMs });
  const quota = { reserve: (upload: ResumableUpload) => storageQuota.reserve(reservationOf(upload), limits.perUser), release: (id: string) => storageQuota.release(id) };
  const unfinished = new ResumableStore({ folder: path.join(dataDirectory, 'ai-arts', 'uploads'), lifetimeMs: limits.lifetimeMs, progress, quota });
  const resumable = new ResumableUploads({ store: unfinished, progress, uploads, limits, reserveAgain: (upload) => storageQuota.reserveAgain(reservationOf(upload)), log });
  return { downloads: new Downloads({ store, links: new DownloadLinks(secret), presigns: presignsDownloads, log }), resumable, stop: () => resumable.stop() };
}
