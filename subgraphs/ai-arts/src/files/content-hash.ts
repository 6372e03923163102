import { createHash } from 'node:crypto';
import type { FileEntry } from './file-set.entity.js';

/** SHA-256 of the lines `<sha256>  <path>` of all files, by their paths as bytes: equal for equal files of equal names. */
export function contentHashOf(files: readonly Pick<FileEntry, 'path' | 'sha256'>[]): string {
  const sorted = files.map(({ path, sha256 }) => ({ path: Buffer.from(path), sha256 })).toSorted((a, b) => Buffer.compare(a.path, b.path));
  const hash = createHash('sha256');
  for (const { path, sha256 } of sorted) hash.update(`${sha256}  `).update(path).update('\n');
  return hash.digest('hex');
}
