import { isUuid, mayAccessOwned, sql, type Caller } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { createHash } from 'node:crypto';
import path from 'node:path';
import { notYours, pathMissing } from '../../errors.js';
import { FileSet, type FileEntry } from '../file-set.entity.js';
import { FileSetState } from '../file-set.states.js';
import { isPublicPart } from '../public-part.js';

/** What is sent: one file as it is, or several as an archive that is made while it is sent. */
export type DownloadSource = { fileName: string; etag: string } & ({ kind: 'file'; key: string; sizeBytes: number } | { kind: 'archive'; fileSet: FileSet; folder: string });

/** What is asked for. */
export interface AskedFiles {
  fileSetId: string;
  /** A checked path in the set, of a folder or a file; empty: all of it. */
  folder: string;
  /** What an archive is called; undefined: as its folder is. */
  title?: string | undefined;
  /** Undefined: whoever asks has a link. */
  caller?: Caller | undefined;
}

const BELOW = `file_set_id = $1 and ($2 = '' or path = $2 or starts_with(path, $2 || '/'))`;
const COLUMNS = `path, size_bytes::float8 as "sizeBytes", sha256`;
const PAGE = 1_000;

/** @throws PATH_MISSING, NOT_YOURS */
export async function findDownload(em: EntityManager, { fileSetId, folder, title, caller }: AskedFiles): Promise<DownloadSource> {
  const missing = () => pathMissing({ path: [fileSetId, folder].filter((part) => part !== '').join('/') });
  const fileSet = isUuid(fileSetId) ? await em.findOne(FileSet, { id: fileSetId, state: FileSetState.READY }) : null;
  if (!fileSet) throw missing();
  if (caller && fileSet.isPrivate && !mayAccessOwned(caller, fileSet.ownerId) && !(await isPublicPart(em, fileSetId, folder))) throw notYours({});
  const [first, second] = await sql<FileEntry>(em, `select ${COLUMNS} from ai_arts.file_set_file where ${BELOW} order by path limit 2`, [fileSetId, folder]);
  if (!first) throw missing();
  if (!second) return { kind: 'file', key: fileSet.prefix + first.path, sizeBytes: first.sizeBytes, fileName: path.posix.basename(first.path), etag: `"${first.sha256}"` };
  // Two archives of equal files may differ in the bytes of their compression.
  const etag = `W/"${createHash('sha256').update(`${fileSet.contentHash}/${folder}`).digest('hex')}"`;
  return { kind: 'archive', fileSet, folder, fileName: `${plain(title ?? (folder === '' ? fileSetId : path.posix.basename(folder)))}.tar.gz`, etag };
}

/** The files of an archive, by their paths, a page in memory at a time. */
export async function* filesBelow(em: EntityManager, fileSetId: string, folder: string): AsyncGenerator<FileEntry, void, void> {
  let after = '';
  for (;;) {
    const page = await sql<FileEntry>(em, `select ${COLUMNS} from ai_arts.file_set_file where ${BELOW} and path > $3 order by path limit ${PAGE}`, [fileSetId, folder, after]);
    yield* page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.path;
  }
}

/** A name that no file system refuses. */
const plain = (title: string): string => title.replace(/[\\/\p{Cc}]/gu, '_');
