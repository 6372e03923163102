import { createHash, randomUUID } from 'node:crypto';
import { chmod, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StoreError, type Store } from '../drivers/store/store.js';
import { BoundedWork } from './bounded-work.js';
import type { FileEntry, FileSet } from './file-set.entity.js';

export interface CacheParts {
  store: Store;
  /** Absolute. */
  folder: string;
  /** Least recently used entries go when all together have more. */
  mostBytes: number;
  /** The content hashes of what living jobs use. */
  inUse: () => Promise<ReadonlySet<string>>;
}

/** What is needed to write the files of a set somewhere. */
export interface Stageable {
  fileSet: Pick<FileSet, 'id' | 'prefix' | 'sizeBytes'> & { contentHash: string };
  files: readonly FileEntry[];
}

const AT_ONCE = 8;
const READ_ONLY_FILE = 0o444;
const READ_ONLY_FOLDER = 0o555;
const WRITABLE_FOLDER = 0o755;
/** Folders that are not whole yet begin so; a hash never does. */
const UNFINISHED = 'unfinished-';
/** What is unfinished and so old is nobody's any more. */
const ABANDONED_MS = 24 * 3_600_000;

/** Sets of files on this machine's disk, read-only, each once for equal content, kept while there is room. */
export class StagingCache {
  readonly #parts: CacheParts;
  readonly #making = new Map<string, Promise<string>>();

  constructor(parts: CacheParts) {
    this.#parts = parts;
  }

  /**
   * The absolute folder with the files of a set. Callers of the same content share one copy, which goes on while one of them waits.
   *
   * @throws StoreError, ENOSPC, the signal's reason
   */
  async stage(of: Stageable, signal: AbortSignal): Promise<string> {
    const folder = path.join(this.#parts.folder, `${of.fileSet.contentHash}.${of.fileSet.sizeBytes}`);
    for (;;) {
      signal.throwIfAborted();
      if (await used(folder)) return folder;
      const others = this.#making.get(folder);
      if (!others) {
        const making = this.#make(of, folder, signal).finally(() => this.#making.delete(folder));
        this.#making.set(folder, making);
        return making;
      }
      // Should whoever makes it give up, it is made here.
      await Promise.race([others.catch(() => undefined), aborted(signal)]);
    }
  }

  /** Removes what was used least recently until the rest is within the limit, and what dead processes have not finished. */
  async sweep(): Promise<void> {
    const { folder, mostBytes, inUse } = this.#parts;
    const entries = await entriesOf(folder);
    const abandoned = entries.filter(({ name, usedAt }) => name.startsWith(UNFINISHED) && Date.now() - usedAt > ABANDONED_MS);
    for (const { name } of abandoned) await removeReadOnly(path.join(folder, name));
    const whole = entries.filter(({ name }) => !name.startsWith(UNFINISHED)).toSorted((a, b) => a.usedAt - b.usedAt);
    let sum = whole.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
    if (sum <= mostBytes) return;
    const kept = await inUse();
    for (const { name, sizeBytes } of whole) {
      if (sum <= mostBytes) return;
      if (kept.has(name.split('.')[0]!)) continue;
      // Out of sight first: nobody may find half of it.
      const going = path.join(folder, `${UNFINISHED}${randomUUID()}`);
      await rename(path.join(folder, name), going).catch(unlessGone);
      await removeReadOnly(going);
      sum -= sizeBytes;
    }
  }

  async #make(of: Stageable, folder: string, signal: AbortSignal): Promise<string> {
    const temporary = path.join(this.#parts.folder, `${UNFINISHED}${randomUUID()}`);
    try {
      await writeFiles(this.#parts.store, of, temporary, signal);
      await makeReadOnly(temporary);
      await rename(temporary, folder);
    } catch (error) {
      await removeReadOnly(temporary);
      // Another process may have been faster.
      if (!(await used(folder))) throw error;
    }
    return folder;
  }
}

/**
 * Writes the files of a set below a folder, which is made; each is as it was when it came, or the write fails.
 *
 * @throws StoreError, ENOSPC, the signal's reason
 */
export async function writeFiles(store: Store, { fileSet, files }: Stageable, folder: string, signal: AbortSignal): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const parent of new Set(files.map((file) => path.dirname(file.path)))) await mkdir(path.join(folder, parent), { recursive: true });
  const writes = new BoundedWork(AT_ONCE);
  try {
    for (const file of files) await writes.begin(() => writeFile(store, fileSet.prefix, file, folder, signal));
    await writes.end();
  } finally {
    await writes.settle();
  }
}

async function writeFile(store: Store, prefix: string, { path: relative, sizeBytes, sha256 }: FileEntry, folder: string, signal: AbortSignal): Promise<void> {
  const hash = createHash('sha256');
  const hashed = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  // Opened first: a stream that is destroyed while it opens makes its file afterwards.
  const opened = await open(path.join(folder, relative), 'wx');
  const body = await store.get(prefix + relative, signal).catch(async (error: unknown) => {
    await opened.close();
    throw error;
  });
  const target = opened.createWriteStream();
  await pipeline(body, hashed, target, { signal });
  if (target.bytesWritten !== sizeBytes || hash.digest('hex') !== sha256) throw new StoreError('FAILED', `the store has changed ${relative} since it came`);
}

/** Another process may have removed it. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Whether the folder is there; it counts as used just now. */
async function used(folder: string): Promise<boolean> {
  const now = new Date();
  return utimes(folder, now, now).then(
    () => true,
    () => false,
  );
}

interface CacheEntry {
  name: string;
  usedAt: number;
  sizeBytes: number;
}

async function entriesOf(folder: string): Promise<CacheEntry[]> {
  const names = await readdir(folder).catch(() => []);
  const entries: CacheEntry[] = [];
  for (const name of names) {
    const found = await stat(path.join(folder, name)).catch(() => undefined);
    if (found) entries.push({ name, usedAt: found.mtimeMs, sizeBytes: Number(name.split('.')[1] ?? 0) });
  }
  return entries;
}

async function foldersIn(folder: string): Promise<string[]> {
  const below = await readdir(folder, { withFileTypes: true, recursive: true });
  return [folder, ...below.filter((entry) => entry.isDirectory()).map((entry) => path.join(entry.parentPath, entry.name))];
}

async function makeReadOnly(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (entry.isFile()) await chmod(path.join(entry.parentPath, entry.name), READ_ONLY_FILE);
  }
  for (const below of await foldersIn(folder)) await chmod(below, READ_ONLY_FOLDER);
}

/** Removes a folder whose folders may not be written to; one that is not there is no fault. */
async function removeReadOnly(folder: string): Promise<void> {
  // Not beforehand, as a folder can be listed only once it may be read.
  const open = async (at: string): Promise<void> => {
    await chmod(at, WRITABLE_FOLDER);
    for (const entry of await readdir(at, { withFileTypes: true })) if (entry.isDirectory()) await open(path.join(at, entry.name));
  };
  await open(folder).catch(() => undefined);
  await rm(folder, { recursive: true, force: true });
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }));
}
