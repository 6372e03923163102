import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { copyFile, link, lstat, mkdir, open, rename } from 'node:fs/promises';
import path from 'node:path';
import { StoreError, type StoredFile } from '../store.js';
import { BatchWriter } from './batch.writer.js';
import { isAbsent } from './disk.faults.js';

/** How often a folder may be removed under our feet, by somebody who emptied it, before we give up. */
const TRIES = 20;

/** Writes a new file and waits until the disk has it. */
export async function writeWhole(file: string, chunks: AsyncIterable<Uint8Array>): Promise<StoredFile> {
  const handle = await open(file, 'wx', 0o600);
  try {
    const writer = new BatchWriter(handle);
    const hash = createHash('sha256');
    let sizeBytes = 0;
    try {
      for await (const chunk of chunks) {
        hash.update(chunk);
        sizeBytes += chunk.byteLength;
        await writer.write(chunk);
      }
      await writer.end();
    } finally {
      await writer.settle();
    }
    const { size } = await handle.stat();
    if (size !== sizeBytes) throw new StoreError('FAILED', `the disk kept ${size} of ${sizeBytes} bytes`);
    return { sizeBytes, sha256: hash.digest('hex') };
  } finally {
    await handle.close();
  }
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
