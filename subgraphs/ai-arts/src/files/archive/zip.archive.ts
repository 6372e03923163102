import { Transform, type Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { getFileNameLowLevel, openPromise, type Entry, type ZipFile } from 'yauzl';
import type { ArchiveCheck } from './archive.check.js';
import type { ArchiveWalk } from './archive.js';

const LOCAL_HEADER_BYTES = 30;
const STORED = 0;
const DEFLATED = 8;
const UTF8_FLAG = 0x800;
const FORMAT = 0o170000;
const FILE = 0o100000;
const FOLDER = 0o040000;
const LINK = 0o120000;

/** Where an entry lies in the archive. */
type Place = Pick<Entry, 'relativeOffsetOfLocalHeader' | 'fileNameLength' | 'compressedSize'>;

/** Goes through a zip, whose entries stand in a list at its end: all of them are checked before the first is read. */
export async function walkZip({ file, check, take, signal }: ArchiveWalk): Promise<void> {
  const zip = await openPromise(file, { autoClose: false, decodeStrings: false, strictFileNames: true, validateEntrySizes: true });
  try {
    check.entries(zip.entryCount);
    const files: { path: string; entry: Entry }[] = [];
    const all: Place[] = [];
    for await (const entry of zip.eachEntry()) {
      signal.throwIfAborted();
      const path = checkedEntry(entry, check);
      const { relativeOffsetOfLocalHeader, fileNameLength, compressedSize } = entry;
      all.push({ relativeOffsetOfLocalHeader, fileNameLength, compressedSize });
      if (path !== undefined && take) files.push({ path, entry: withoutTexts(entry) });
    }
    requireDisjoint(all, check);
    if (!take) return;
    for (const { path, entry } of files) {
      signal.throwIfAborted();
      const body = await bodyOf(zip, entry, check);
      await take(path, body).finally(() => body.destroy());
    }
  } finally {
    zip.close();
  }
}

/** What nobody reads any more may be 190 KB an entry. */
function withoutTexts(entry: Entry): Entry {
  const none = Buffer.alloc(0);
  return Object.assign(entry, { fileName: none, fileNameRaw: none, comment: none, extraFieldRaw: none, fileCommentRaw: none, extraFields: [], fileComment: none });
}

/** The path of a file's entry; undefined for a folder's. */
function checkedEntry(entry: Entry, check: ArchiveCheck): string | undefined {
  const name = nameOf(entry);
  const format = (entry.externalFileAttributes >>> 16) & FORMAT;
  if (format !== 0 && format !== FILE && format !== FOLDER) check.refuse(name, format === LINK ? 'a link' : 'a device or a pipe');
  if (entry.isEncrypted()) check.refuseAll('the archive is encrypted');
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED) check.refuseAll(`the archive is compressed by method ${entry.compressionMethod}; deflate is understood`);
  check.unpacked(entry.uncompressedSize);
  if (!name.endsWith('/') && format !== FOLDER) return check.file(name);
  if (entry.uncompressedSize > 0) check.refuse(name, 'a folder that holds bytes');
  check.folder(name);
  return undefined;
}

/** The same bytes told to be several files make a small archive a very large one. */
function requireDisjoint(entries: readonly Place[], check: ArchiveCheck): void {
  const sorted = entries.toSorted((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const { relativeOffsetOfLocalHeader: start, fileNameLength, compressedSize } of sorted) {
    if (start < end) check.refuseAll('files of the archive lie on each other');
    end = start + LOCAL_HEADER_BYTES + fileNameLength + compressedSize;
  }
}

async function bodyOf(zip: ZipFile, entry: Entry, check: ArchiveCheck): Promise<Readable> {
  const packed = await zip.openReadStreamPromise(entry);
  let sum = 0;
  let sizeBytes = 0;
  const body = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum = crc32(chunk, sum);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
    flush(done) {
      if (sizeBytes !== entry.uncompressedSize) done(new Error('a file has another size than the archive says'));
      else done(sum === entry.crc32 ? null : new Error('a file does not have the checksum that the archive says'));
    },
  });
  packed.on('error', (error: Error) => body.destroy(/too many bytes/.test(error.message) ? lie(check) : error));
  body.once('close', () => packed.destroy());
  return packed.pipe(body);
}

/** What the archive says of itself was what it was checked by. */
function lie(check: ArchiveCheck): Error {
  try {
    return check.refuseAll('a file of the archive is larger than the archive says');
  } catch (error) {
    return error as Error;
  }
}

/** A name as it was meant: zips made on Chinese Windows say neither that nor how they are encoded. */
function nameOf(entry: Entry): string {
  const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
  const told = getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  const isTold = (generalPurposeBitFlag & UTF8_FLAG) !== 0 || extraFields.some(({ id }) => id === 0x7075);
  if (isTold || fileNameRaw.every((byte) => byte < 0x80)) return told;
  for (const encoding of ['utf-8', 'gb18030']) {
    try {
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(fileNameRaw);
    } catch {
      // Not this one.
    }
  }
  return told;
}
