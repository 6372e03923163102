import { sql } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import { contentHashOf } from '../files/content-hash.js';
import type { FileEntry } from '../files/file-set.entity.js';
import type { ResolvedPath } from '../files/file-sets.js';
import type { Artifact } from './artifact.entity.js';

const BELOW = `
  select path, size_bytes::float8 as "sizeBytes", sha256 from ai_arts.file_set_file
  where file_set_id = $1 and (path = $2 or starts_with(path, $2 || '/')) order by path`;

/** The columns of a dataset or model that its files say. */
export type ArtifactFiles = Pick<Artifact, 'fileSetId' | 'folder' | 'path' | 'sizeBytes' | 'fileCount' | 'sha256'>;

/** What a path names, measured: the whole of a set, or a part of it for itself. */
export async function measured(em: EntityManager, { fileSet, folder }: ResolvedPath): Promise<ArtifactFiles> {
  const { id: fileSetId, purpose, sizeBytes, fileCount } = fileSet;
  const path = [purpose.toLowerCase(), fileSetId, folder].filter((part) => part !== '').join('/');
  if (folder === '') return { fileSetId, folder, path, sizeBytes, fileCount, sha256: fileSet.sha256! };
  const files = await sql<FileEntry>(em, BELOW, [fileSetId, folder]);
  const inside = files.map((file) => ({ ...file, path: file.path === folder ? file.path.slice(file.path.lastIndexOf('/') + 1) : file.path.slice(folder.length + 1) }));
  const sha256 = inside.length === 1 ? inside[0]!.sha256 : contentHashOf(inside);
  return { fileSetId, folder, path, sizeBytes: inside.reduce((sum, file) => sum + file.sizeBytes, 0), fileCount: inside.length, sha256 };
}
