import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createGzip } from 'node:zlib';
import { pack, type Pack } from 'tar-stream';
import type { Store } from '../../drivers/store/store.js';
import type { FileEntry, FileSet } from '../file-set.entity.js';

/** What an archive is made of. */
export interface ArchiveContent {
  store: Store;
  fileSet: Pick<FileSet, 'prefix' | 'createdAt'>;
  /** Taken off before the names in the archive. */
  folder: string;
  files: AsyncIterable<FileEntry>;
}

/** A tar.gz that is made as it is read; it fails, rather than ends, where a file cannot be read. */
export function archiveOf(content: ArchiveContent, signal: AbortSignal): Readable {
  const tar = pack();
  // Much of what is sent is compressed already, and a download waits for the processor.
  const gzip = createGzip({ level: constants.Z_BEST_SPEED });
  void pipeline(Readable.from(tar as AsyncIterable<Buffer>, { objectMode: false }), gzip, { signal }).catch((error: Error) => gzip.destroy(error));
  void fill(tar, content, signal).catch((error: Error) => tar.destroy(error));
  return gzip;
}

async function fill(tar: Pack, { store, fileSet, folder, files }: ArchiveContent, signal: AbortSignal): Promise<void> {
  for await (const file of files) {
    const name = folder === '' ? file.path : file.path.slice(folder.length + 1);
    const body = await store.get(fileSet.prefix + file.path, signal);
    const entry = tar.entry({ name, size: file.sizeBytes, mode: 0o644, mtime: fileSet.createdAt });
    await pipeline(body, entry as unknown as NodeJS.WritableStream, { signal });
  }
  tar.finalize();
}
