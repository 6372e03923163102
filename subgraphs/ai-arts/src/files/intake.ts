import { randomUUID } from 'node:crypto';
import { mkdir, open, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { HutongError, type Log, type WorkerPresence } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { bulkhead, type BulkheadPolicy } from 'cockatiel';
import { arriving } from '../drivers/store/arriving.body.js';
import type { Store } from '../drivers/store/store.js';
import type { AiArtsSettings } from '../environment.js';
import { archiveBroken } from '../errors.js';
import { ArchiveCheck } from './archive/archive.check.js';
import { walkArchive, type ArchiveKind } from './archive/archive.js';
import { FileSetDraft } from './file-set.draft.js';
import { FileSet, type FilePurpose } from './file-set.entity.js';
import type { FileSetRemoval } from './file-set.removal.js';
import { FileSetRoom } from './file-set.room.js';
import type { ArrivedBytes, FileSetRows } from './file-set.rows.js';
import { FileSetState } from './file-set.states.js';
import { asShown } from './store.failure.js';
import type { UploadEvents } from './upload.events.js';
import { UploadProgress } from './upload.progress.js';

const { RECEIVING, UNPACKING } = FileSetState;

export interface IntakeParts {
  fork: () => EntityManager;
  store: Store;
  rows: FileSetRows;
  removal: FileSetRemoval;
  events: UploadEvents;
  presence: WorkerPresence;
  settings: Pick<AiArtsSettings, 'dataDirectory' | 'unpack' | 'unclaimedMs'>;
  log: Log;
}

/** What a set is to be, before anything of it is there. */
export interface NewFileSet {
  ownerId: string;
  purpose: FilePurpose;
  isPrivate: boolean;
  /** A checked path, or empty. */
  folder?: string;
  token?: string | null;
  /** Where its files lie already; empty: they are to be put. */
  prefix?: string;
  /** What has come to this machine before; see `ArrivingUpload`. */
  arrived?: ArrivedBytes | undefined;
  /** How many bytes it will have, where that is known. */
  expectedBytes?: number;
}

/** An archive on its way. */
export interface ArrivingArchive {
  kind: ArchiveKind;
  name: string;
  open: () => AsyncIterable<Uint8Array>;
}

/** Puts the files of a set until `stop` aborts; `arrived` says that what remains needs nobody who sends or waits. */
export type Fill = (draft: FileSetDraft, progress: UploadProgress, arrived: (fileSet: FileSet) => void, stop: AbortSignal) => Promise<void>;

/** A set whose row is there. */
interface Begun {
  fileSet: FileSet;
  progress: UploadProgress;
}

/** Where archives lie until they are unpacked; each is named by its set. */
export const incomingFolder = (dataDirectory: string): string => path.join(dataDirectory, 'ai-arts', 'incoming');

/** Makes sets of files: a row first, the files under it, and then all of them at once are there; or nothing is. */
export class Intake {
  readonly #parts: IntakeParts;
  readonly #stop = new AbortController();
  readonly #underWay = new Set<Promise<unknown>>();
  /** Unpacking keeps a processor and the disk busy. */
  readonly #turns: BulkheadPolicy;

  constructor(parts: IntakeParts) {
    this.#parts = parts;
    this.#turns = bulkhead(parts.settings.unpack.atOnce, Infinity);
  }

  /** Has `fill` put the files of a new set; resolves when it is READY. */
  async make(of: NewFileSet, signal: AbortSignal, fill: Fill): Promise<FileSet> {
    return this.#run(await this.#begin(of), this.#while(signal), fill, () => undefined);
  }

  /** The same in the background from the moment on at which `fill` says so: then it is waited for so long, and otherwise answered as it stands. */
  async follow(of: NewFileSet, waitMs: number, signal: AbortSignal, fill: Fill): Promise<FileSet> {
    const begun = await this.#begin(of);
    const arrived = Promise.withResolvers<FileSet>();
    const finished = this.#run(begun, this.#stop.signal, fill, arrived.resolve);
    finished.catch(() => undefined);
    const over = new AbortController();
    const waited = arrived.promise.then((present) => delay(waitMs, present, { signal: AbortSignal.any([signal, over.signal]) }));
    waited.catch(() => undefined);
    return Promise.race([finished, waited]).finally(() => over.abort());
  }

  /** Takes in an archive and unpacks it; see {@link follow}. */
  unpack(of: NewFileSet, archive: ArrivingArchive, waitMs: number, signal: AbortSignal): Promise<FileSet> {
    const { settings, rows } = this.#parts;
    return this.follow(of, waitMs, signal, async (draft, progress, arrived) => {
      const file = path.join(incomingFolder(settings.dataDirectory), draft.fileSet.id);
      try {
        await mkdir(path.dirname(file), { recursive: true });
        // Opened first: a stream that is destroyed while it opens makes its file afterwards.
        const written = await open(file, 'wx', 0o600);
        const packed = arriving(progress.counting(archive.open()), this.#while(signal));
        const counted = async function* () {
          for await (const chunk of packed) {
            await draft.room.take(progress.counts.receivedBytes);
            yield chunk;
          }
        };
        await pipeline(counted, written.createWriteStream());
        const unpacking = await rows.become(draft.fileSet.id, UNPACKING, progress.counts);
        progress.fileSet = unpacking;
        arrived(unpacking);
        await this.#turns.execute(() => this.#unpackFile({ ...archive, file }, draft, progress));
      } finally {
        await rm(file, { force: true });
      }
    });
  }

  /** Breaks off what is under way, and waits for it to be given up. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the process stops'));
    await Promise.allSettled(this.#underWay);
  }

  async #unpackFile({ kind, name, file }: { kind: ArchiveKind; name: string; file: string }, draft: FileSetDraft, progress: UploadProgress): Promise<void> {
    const { settings } = this.#parts;
    const { signal } = this.#stop;
    const { size: sizeBytes } = await stat(file);
    const newCheck = () => new ArchiveCheck({ name, sizeBytes, folder: draft.fileSet.folder }, settings.unpack);
    const check = newCheck();
    await walkArchive(kind, name, { file, check, take: undefined, signal });
    if (check.files === 0) throw archiveBroken({ name, problem: 'it holds no file' });
    progress.counts.totalFiles = check.files;
    await draft.room.take(check.bytes);
    await walkArchive(kind, name, {
      file,
      check: newCheck(),
      signal,
      take: async (entry, body) => {
        await draft.put(entry, body);
        progress.unpacked();
      },
    });
    await draft.settle();
  }

  async #begin({ ownerId, purpose, isPrivate, folder = '', token = null, prefix, arrived, expectedBytes = arrived?.bytes ?? 0 }: NewFileSet): Promise<Begun> {
    const { rows, presence, settings } = this.#parts;
    const id = randomUUID();
    const now = Date.now();
    const fileSet = Object.assign(new FileSet(), {
      id,
      ownerId,
      purpose,
      isPrivate,
      state: RECEIVING,
      prefix: prefix ?? `sets/${id}/`,
      folder,
      token,
      countedBytes: expectedBytes,
      worker: presence.id,
      expiresAt: new Date(now + settings.unclaimedMs),
      createdAt: new Date(now),
    });
    presence.begin(id);
    try {
      await rows.insert(fileSet, arrived);
    } catch (error) {
      presence.end(id);
      throw error;
    }
    return { fileSet, progress: new UploadProgress(this.#parts, fileSet, arrived?.bytes) };
  }

  #run(begun: Begun, signal: AbortSignal, fill: Fill, arrived: (fileSet: FileSet) => void): Promise<FileSet> {
    const running = this.#fill(begun, signal, fill, arrived).finally(() => {
      this.#underWay.delete(running);
      this.#parts.presence.end(begun.fileSet.id);
    });
    this.#underWay.add(running);
    return running;
  }

  async #fill({ fileSet, progress }: Begun, signal: AbortSignal, fill: Fill, arrived: (fileSet: FileSet) => void): Promise<FileSet> {
    const { store, rows, removal, log } = this.#parts;
    const stopPuts = new AbortController();
    const room = new FileSetRoom(fileSet.countedBytes, rows.counterOf(fileSet));
    const draft = new FileSetDraft(store, fileSet, room, AbortSignal.any([signal, stopPuts.signal]));
    try {
      signal.throwIfAborted();
      await fill(draft, progress, arrived, signal);
      const files = await draft.end();
      await progress.end();
      return await rows.ready(fileSet.id, files, progress.counts);
    } catch (error) {
      stopPuts.abort(error);
      await Promise.all([draft.settle(), progress.end()]);
      const shown = asShown(error);
      const reason = shown instanceof HutongError ? shown.message : 'it broke off';
      try {
        await rows.fail(fileSet.id, reason);
        await removal.remove(fileSet, AbortSignal.timeout(REMOVAL_MS));
      } catch (err) {
        log.warn({ err, fileSet: fileSet.id }, 'what is left of files that did not become ready will be removed later');
      }
      throw shown;
    }
  }

  #while(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#stop.signal]);
  }
}

/** What does not go away by then is removed by a sweep. */
const REMOVAL_MS = 20_000;
