import { createWriteStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isUuid } from '@hutong/common';
import { DataStore, ERRORS, Upload } from '@tus/server';
import type { ResumableProgress } from './resumable.progress.js';

/** What is kept of an upload that may be resumed. */
export interface ResumableUpload {
  id: string;
  ownerId: string;
  /** Of the whole file, in bytes. */
  size: number;
  metadata: Record<string, string | null>;
  createdAt: string;
  /** The path of the set that it became, once it has. */
  path?: string;
}

/** Room for uploads that are not whole. */
export interface ResumableQuota {
  /** @throws FILES_TOO_LARGE, LIMIT_EXCEEDED */
  reserve(upload: ResumableUpload): Promise<void>;
  /** May be repeated. */
  release(id: string): Promise<void>;
}

/** Uploads that are not whole yet, each in a folder of its own on this machine's disk; what was written of one is its offset. */
export class ResumableStore extends DataStore {
  readonly #folder: string;
  readonly #lifetimeMs: number;
  readonly #progress: ResumableProgress;
  readonly #quota: ResumableQuota;

  constructor(options: { folder: string; lifetimeMs: number; progress: ResumableProgress; quota: ResumableQuota }) {
    super();
    this.#folder = options.folder;
    this.#lifetimeMs = options.lifetimeMs;
    this.#progress = options.progress;
    this.#quota = options.quota;
    this.extensions = ['creation', 'creation-with-upload', 'termination', 'expiration'];
  }

  /** Where the bytes of an upload are. */
  bytesOf(id: string): string {
    return path.join(this.#placeOf(id), 'bytes');
  }

  override async create(upload: Upload): Promise<Upload> {
    const { ownerId, ...metadata } = upload.metadata ?? {};
    const created = { id: upload.id, ownerId: ownerId!, size: upload.size!, metadata, createdAt: upload.creation_date! };
    await this.#quota.reserve(created);
    try {
      await mkdir(this.#placeOf(upload.id), { recursive: true, mode: 0o700 });
      await writeFile(this.bytesOf(upload.id), '', { mode: 0o600 });
      await this.keep(created);
    } catch (error) {
      await this.remove(upload.id);
      throw error;
    }
    return upload;
  }

  override async write(body: Readable, id: string, offset: number): Promise<number> {
    const upload = await this.find(id);
    const file = createWriteStream(this.bytesOf(id), { flags: 'r+', start: offset });
    await pipeline(body, (bytes: AsyncIterable<Uint8Array>) => this.#progress.counting(upload, offset, bytes), file);
    return offset + file.bytesWritten;
  }

  /** @throws what tus tells as 404 */
  override async getUpload(id: string): Promise<Upload> {
    const { size, metadata, createdAt, path: kept } = await this.find(id);
    const offset = kept === undefined ? (await stat(this.bytesOf(id))).size : size;
    return new Upload({ id, size, offset, metadata: { ...metadata, ...(kept === undefined ? {} : { path: kept }) }, creation_date: createdAt });
  }

  override async remove(id: string): Promise<void> {
    await rm(this.#placeOf(id), { recursive: true, force: true });
    await this.#progress.end(id);
    await this.#quota.release(id);
  }

  override getExpiration(): number {
    return this.#lifetimeMs;
  }

  /** Removes what is older than an upload may become. */
  override async deleteExpired(): Promise<number> {
    const expired = (await this.all()).filter(({ createdAt }) => Date.parse(createdAt) < Date.now() - this.#lifetimeMs);
    for (const { id } of expired) await this.remove(id);
    return expired.length;
  }

  /** @throws what tus tells as 404 */
  async find(id: string): Promise<ResumableUpload> {
    try {
      return JSON.parse(await readFile(path.join(this.#placeOf(id), 'upload.json'), 'utf8')) as ResumableUpload;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw ERRORS.FILE_NOT_FOUND;
    }
  }

  /** Writes down what is known of an upload; after a crash it is all there, or what was there before. */
  async keep(upload: ResumableUpload): Promise<void> {
    const file = path.join(this.#placeOf(upload.id), 'upload.json');
    const handle = await open(`${file}.part`, 'w', 0o600);
    try {
      await handle.writeFile(JSON.stringify(upload));
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(`${file}.part`, file);
  }

  async all(): Promise<ResumableUpload[]> {
    const ids = await readdir(this.#folder).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return [];
      throw error;
    });
    const uploads: ResumableUpload[] = [];
    // One after the other: whole ones stay for their time, too, and all at once would take a file handle each.
    for (const id of ids) {
      const upload = await this.#findOrForget(id);
      if (upload) uploads.push(upload);
    }
    return uploads;
  }

  /** A folder without a description is one that a crash has left, or one that is being made. */
  async #findOrForget(id: string): Promise<ResumableUpload | undefined> {
    const found = await this.find(id).catch((error: unknown) => {
      if (error !== ERRORS.FILE_NOT_FOUND) throw error;
      return undefined;
    });
    if (found || !isUuid(id)) return found;
    const { mtimeMs } = await stat(this.#placeOf(id)).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs < Date.now() - this.#lifetimeMs) await this.remove(id);
    return undefined;
  }

  /** @throws what tus tells as 404, for what can be no id of ours */
  #placeOf(id: string): string {
    if (!isUuid(id)) throw ERRORS.FILE_NOT_FOUND;
    return path.join(this.#folder, id);
  }
}
