import { createReadStream } from 'node:fs';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { HutongError } from '@hutong/common';
import { extract, type Extract } from 'tar-stream';
import type { ArchiveWalk } from './archive.js';

type Entry = Extract extends AsyncIterable<infer Source> ? Source : never;

/** Tars from before 1988 are understood as well; the types of the library do not know the option. */
const TOLERANT = { allowUnknownFormat: true } as Parameters<typeof extract>[0];
const READ_BYTES = 256 * 1024;

/** Entries that a tar may hold beside files and folders, as people call them. */
const KINDS: Record<string, string> = { link: 'a link', symlink: 'a link', 'character-device': 'a device', 'block-device': 'a device', fifo: 'a pipe' };

/** Goes through a tar, which tells an entry only when everything before it was read. */
export async function walkTar(isCompressed: boolean, { file, check, take, signal }: ArchiveWalk): Promise<void> {
  const entries = extract(TOLERANT);
  const counted = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        check.unpacked(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error as Error);
      }
    },
  });
  const source = createReadStream(file, { highWaterMark: READ_BYTES });
  const flowing = isCompressed ? pipeline(source, createGunzip({ chunkSize: READ_BYTES }), counted, entries, { signal }) : pipeline(source, counted, entries, { signal });
  flowing.catch(() => undefined);
  try {
    for await (const entry of entries) await walkEntry(entry, { check, take });
  } catch (error) {
    entries.destroy();
    if (error instanceof HutongError) throw error;
    // When the flow broke first, its failure is the cause of this one.
    await flowing;
    throw error;
  }
  await flowing;
}

async function walkEntry(entry: Entry, { check, take }: Pick<ArchiveWalk, 'check' | 'take'>): Promise<void> {
  const { name, type } = entry.header;
  if (type === 'directory') check.folder(name);
  else if (type === 'file' || type === 'contiguous-file') {
    const path = check.file(name);
    if (take) return take(path, entry as AsyncIterable<Uint8Array>);
  } else check.refuse(name, KINDS[type ?? ''] ?? 'neither a file nor a folder');
  for await (const _chunk of entry) continue;
}
