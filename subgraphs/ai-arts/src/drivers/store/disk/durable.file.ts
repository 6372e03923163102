import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { StoreError, type StoredFile } from '../store.js';
import { isAbsent } from './disk.faults.js';

const WRITTEN_AT_ONCE = 1024 * 1024;
/** How often a folder may be removed under our feet, by somebody who emptied it, before we give up. */
const TRIES = 20;

/** Writes a new file and waits until the disk has it. */
export async function writeWhole(file: string, chunks: AsyncIterable<Uint8Array>): Promise<StoredFile> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const stored = await writeChunks(handle, chunks);
    await handle.sync();
    const { size } = await handle.stat();
    if (size !== stored.sizeBytes) throw new StoreError('FAILED', `the disk kept ${size} of ${stored.sizeBytes} bytes`);
    return stored;
  } finally {
    await handle.close();
  }
}

/** The disk writes one batch while the next one arrives and is hashed. */
async function writeChunks(handle: FileHandle, chunks: AsyncIterable<Uint8Array>): Promise<StoredFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  let batch: Uint8Array[] = [];
  let batchBytes = 0;
  let writing = Promise.resolve();
  const write = async (): Promise<void> => {
    await writing;
    writing = writeAll(handle, batch, batchBytes);
    writing.catch(() => {});
    batch = [];
    batchBytes = 0;
  };
  try {
    for await (const chunk of chunks) {
      hash.update(chunk);
      sizeBytes += chunk.byteLength;
      batch.push(chunk);
      batchBytes += chunk.byteLength;
      if (batchBytes >= WRITTEN_AT_ONCE) await write();
    }
    await write();
    await writing;
  } finally {
    await writing.catch(() => {});
  }
  return { sizeBytes, sha256: hash.digest('hex') };
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  let { bytesWritten } = await handle.writev(chunks);
  // A disk that fills up takes a part, and says why only when it is given the rest.
  if (bytesWritten === bytes) return;
  const whole = Buffer.concat(chunks);
  while (bytesWritten < bytes) bytesWritten += (await handle.write(whole, bytesWritten)).bytesWritten;
}

/** File systems without links, a file with too many of them, and one that is not ours to link. */
const NO_LINK = new Set(['EPERM', 'EMLINK', 'EXDEV', 'ENOSYS', 'EOPNOTSUPP']);

/** Gives a file of the store a second name, as none of them is ever changed; where that cannot be, makes a copy that the disk has. True when the file is there, and no link elsewhere. */
export async function linkOrCopy(file: string, part: string): Promise<boolean> {
  if (!(await lstat(file)).isFile()) return false;
  try {
    await link(file, part);
  } catch (error) {
    if (!NO_LINK.has((error as NodeJS.ErrnoException).code ?? '')) throw error;
    await copyFile(file, part, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const handle = await open(part, 'r+');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  }
  return true;
}

/** Renames a file that is complete to its place, over what was there, and waits until the disk knows. Folders that are missing are made. */
export async function putInPlace(part: string, file: string): Promise<void> {
  const folder = path.dirname(file);
  for (let left = TRIES; ; left -= 1) {
    const made = await mkdir(folder, { recursive: true, mode: 0o700 });
    try {
      await rename(part, file);
      return await syncFolders(folder, made === undefined ? folder : path.dirname(made));
    } catch (error) {
      if (!isAbsent(error) || left === 0) throw error;
    }
  }
}

/** Waits until the disk knows what is in a folder; one that is gone by now is no fault. */
export async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

async function syncFolders(folder: string, top: string): Promise<void> {
  await syncFolder(folder);
  if (folder !== top) await syncFolders(path.dirname(folder), top);
}
