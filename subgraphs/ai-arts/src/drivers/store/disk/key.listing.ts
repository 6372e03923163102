import { opendir, lstat } from 'node:fs/promises';
import path from 'node:path';
import type { FoundFile } from '../store.js';
import { isAbsent } from './disk.faults.js';
import { keyOfBytes, nameFound } from './key.path.js';

/** How many names of one folder are in memory at a time; a folder of more is read again for the next ones. */
const PAGE = 50_000;
const LOOKED_AT_ONCE = 32;

interface Entry {
  /** What the keys of this entry begin with, below the folder; a folder's ends in `/`, so that it sorts as its keys do. */
  bytes: string;
  path: string;
  isFolder: boolean;
}

/** The files below a folder whose keys begin with `prefix` (bytes as characters), in the order of their keys' bytes. */
export async function* listed(folder: string, prefix: string, signal: AbortSignal, page = PAGE): AsyncGenerator<FoundFile, void, void> {
  let after = '';
  for (;;) {
    const entries = await firstEntries(folder, after, page, signal);
    for (let start = 0; start < entries.length; start += LOOKED_AT_ONCE) {
      const batch = entries.slice(start, start + LOOKED_AT_ONCE);
      const found = await Promise.all(batch.map((entry) => look(entry, prefix)));
      for (const [index, entry] of batch.entries()) {
        signal.throwIfAborted();
        if (entry.isFolder) yield* listed(entry.path, prefix + entry.bytes, signal, page);
        else if (found[index]) yield found[index];
      }
    }
    if (entries.length < page) return;
    after = entries.at(-1)!.bytes;
  }
}

/** The first entries of a folder behind one, in order. */
async function firstEntries(folder: string, after: string, count: number, signal: AbortSignal): Promise<Entry[]> {
  const kept: Entry[] = [];
  const cut = (): void => {
    kept.sort((one, other) => (one.bytes < other.bytes ? -1 : 1));
    kept.length = Math.min(kept.length, count);
  };
  for await (const entry of entriesOf(folder, '', signal)) {
    if (entry.bytes <= after) continue;
    kept.push(entry);
    if (kept.length >= 2 * count) cut();
  }
  cut();
  return kept;
}

/** What is in a folder, in no order; long names are put together again. */
async function* entriesOf(folder: string, begin: string, signal: AbortSignal): AsyncGenerator<Entry, void, void> {
  try {
    for await (const entry of await opendir(folder, { bufferSize: 1_024 })) {
      signal.throwIfAborted();
      const name = nameFound(entry);
      const place = path.join(folder, entry.name);
      if (name?.kind === 'piece') yield* entriesOf(place, begin + name.bytes, signal);
      else if (name) yield { bytes: `${begin}${name.bytes}${name.kind === 'folder' ? '/' : ''}`, path: place, isFolder: name.kind === 'folder' };
    }
  } catch (error) {
    if (!isAbsent(error)) throw error;
  }
}

/** Nothing for a folder, and for a file that is gone by now. */
async function look(entry: Entry, prefix: string): Promise<FoundFile | undefined> {
  if (entry.isFolder) return undefined;
  try {
    const { size, mtime } = await lstat(entry.path);
    return { key: keyOfBytes(prefix + entry.bytes), sizeBytes: size, modifiedAt: mtime };
  } catch (error) {
    if (isAbsent(error)) return undefined;
    throw error;
  }
}
