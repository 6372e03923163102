import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { access, lstat, mkdir, open, readdir, rename, rm, rmdir, statfs, unlink } from 'node:fs/promises';
import path from 'node:path';
import { arriving, destroyed } from '../arriving.body.js';
import { StoreError, type ByteRange, type FoundFile, type Store, type StoredFile, type StoreReadiness } from '../store.js';
import { checkedKey, checkedPrefix } from '../store.keys.js';
import { asStoreError, isAbsent, translated } from './disk.faults.js';
import { linkOrCopy, putInPlace, syncFolder, writeWhole } from './durable.file.js';
import { FileReader } from './file.reader.js';
import { listed } from './key.listing.js';
import { bytesOfKey, filePathOf, folderPathOf } from './key.path.js';

/** A link is none of our files. */
const READ_ONLY = constants.O_RDONLY | constants.O_NOFOLLOW;

/** Where the store is. */
export interface DiskSettings {
  /** Absolute; made when it is missing. */
  folder: string;
  /** How old what a broken put left must be to be swept. */
  leftoverMs: number;
}

/** Files in a folder: each is written aside, and renamed to its place when the disk has it. */
export class DiskStore implements Store {
  readonly name = 'disk';
  readonly #files: string;
  /** What is being put, and what is being removed; on the same file system. */
  readonly #aside: string;
  readonly #leftoverMs: number;

  private constructor({ folder, leftoverMs }: DiskSettings) {
    this.#files = path.join(folder, 'files');
    this.#aside = path.join(folder, 'temporary');
    this.#leftoverMs = leftoverMs;
  }

  /** Opens the store, and makes its folders. @throws StoreError when they cannot be made */
  static async open(settings: DiskSettings): Promise<DiskStore> {
    const store = new DiskStore(settings);
    await translated(new AbortController().signal, async () => {
      // What lies beside the store may be for others, such as the folders of jobs.
      await mkdir(path.dirname(settings.folder), { recursive: true });
      for (const one of [store.#files, store.#aside]) await mkdir(one, { recursive: true, mode: 0o700 });
    });
    return store;
  }

  async status(signal: AbortSignal): Promise<StoreReadiness> {
    try {
      await translated(signal, async () => {
        for (const folder of [this.#files, this.#aside]) await access(folder, constants.R_OK | constants.W_OK | constants.X_OK);
        const { bavail } = await statfs(this.#aside);
        if (bavail === 0) throw new StoreError('FULL', 'the disk of the store has no room left');
      });
      return { ready: true, message: null };
    } catch (error) {
      if (error instanceof StoreError) return { ready: false, message: error.message };
      throw error;
    }
  }

  put(key: string, body: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<StoredFile> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      const part = path.join(this.#aside, randomUUID());
      try {
        const stored = await writeWhole(part, arriving(body, signal));
        signal.throwIfAborted();
        await putInPlace(part, place);
        return stored;
      } catch (error) {
        await rm(part, { force: true });
        throw error;
      }
    }).catch((error: unknown) => {
      destroyed(body);
      throw error;
    });
  }

  get(key: string, signal: AbortSignal, range?: ByteRange): Promise<FileReader> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      const file = await this.#opened(place);
      try {
        const { size } = await file.stat();
        const from = range?.from ?? 0;
        const end = Math.min(size, (range?.to ?? size) + 1);
        if (range && from >= size) throw new StoreError('RANGE', `the file has only ${size} bytes`);
        signal.throwIfAborted();
        return new FileReader(file, { position: from, length: Math.max(0, end - from) }, signal);
      } catch (error) {
        await file.close();
        throw error;
      }
    });
  }

  copy(from: string, to: string, signal: AbortSignal): Promise<void> {
    const [source, place] = [this.#placeOf(from), this.#placeOf(to)];
    return translated(signal, async () => {
      const part = path.join(this.#aside, randomUUID());
      try {
        const found = await this.#unlessAbsent(() => linkOrCopy(source, part));
        if (!found) throw new StoreError('NOT_FOUND', 'there is no such file in the store');
        signal.throwIfAborted();
        await putInPlace(part, place);
      } finally {
        await rm(part, { force: true });
      }
    });
  }

  stat(key: string, signal: AbortSignal): Promise<FoundFile | null> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      const found = await this.#unlessAbsent(() => lstat(place));
      return found?.isFile() ? { key, sizeBytes: found.size, modifiedAt: found.mtime } : null;
    });
  }

  async *list(prefix: string, signal: AbortSignal): AsyncGenerator<FoundFile, void, void> {
    const folder = path.join(this.#files, folderPathOf(checkedPrefix(prefix)));
    try {
      signal.throwIfAborted();
      await access(this.#files);
      yield* listed(folder, bytesOfKey(prefix), signal);
    } catch (error) {
      signal.throwIfAborted();
      throw asStoreError(error);
    }
  }

  delete(key: string, signal: AbortSignal): Promise<void> {
    const place = this.#placeOf(key);
    return translated(signal, async () => {
      await this.#unlessAbsent(() => unlink(place));
      await syncFolder(path.dirname(place));
      await this.#removeEmpty(path.dirname(place));
    });
  }

  deleteAll(prefix: string, signal: AbortSignal): Promise<void> {
    const folder = path.join(this.#files, folderPathOf(checkedPrefix(prefix)));
    return translated(signal, async () => {
      const folders = prefix === '' ? (await readdir(folder)).map((name) => path.join(folder, name)) : [folder];
      for (const one of folders) await this.#removeFolder(one);
    });
  }

  /** Clients get files through us. */
  presign(): Promise<null> {
    return Promise.resolve(null);
  }

  sweep(signal: AbortSignal): Promise<void> {
    return translated(signal, async () => {
      for (const name of await readdir(this.#aside)) {
        signal.throwIfAborted();
        const part = path.join(this.#aside, name);
        const found = await this.#unlessAbsent(() => lstat(part));
        if (found && found.mtimeMs <= Date.now() - this.#leftoverMs) await rm(part, { recursive: true, force: true });
      }
    });
  }

  async close(): Promise<void> {
    // Every call closes what it opens.
  }

  readonly #placeOf = (key: string): string => path.join(this.#files, filePathOf(checkedKey(key)));

  async #opened(place: string) {
    const file = await this.#unlessAbsent(() => open(place, READ_ONLY));
    if (!file) throw new StoreError('NOT_FOUND', 'there is no such file in the store');
    return file;
  }

  /** Undefined where nothing is; a failure where the store's own folder is gone, as a disk that is not mounted has no files. */
  async #unlessAbsent<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      return await work();
    } catch (error) {
      if (!isAbsent(error)) throw error;
      await access(this.#files);
      return undefined;
    }
  }

  /** In one step for those who read; the files go afterwards, by the sweep if we die before. */
  async #removeFolder(folder: string): Promise<void> {
    const aside = path.join(this.#aside, randomUUID());
    const moved = await this.#unlessAbsent(async () => {
      await rename(folder, aside);
      return true;
    });
    if (!moved) return;
    await syncFolder(path.dirname(folder));
    await this.#removeEmpty(path.dirname(folder));
    await rm(aside, { recursive: true, force: true });
  }

  async #removeEmpty(folder: string): Promise<void> {
    if (folder === this.#files) return;
    try {
      await rmdir(folder);
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? '')) return;
      if (!isAbsent(error)) throw error;
    }
    await this.#removeEmpty(path.dirname(folder));
  }
}
