import { constants } from 'node:fs';
import { open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { pathInvalid } from '../errors.js';
import { checkedPath, DistinctPaths } from './relative-path.js';

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A file that a job wrote, opened for reading. */
export interface WrittenFile {
  /** Below the folder; the name of the file itself when it is not in one. */
  path: string;
  handle: FileHandle;
}

/**
 * Opens, one after the other, the files below a folder that a program may still change; each is closed when the next one is
 * asked for. No link leads out: whatever the program does meanwhile, only what lies in the folder is read.
 *
 * @param root above the folder, and not a program's to change
 * @throws PATH_INVALID for a link, device, pipe or socket, and for names that a set may not have
 */
export async function* filesWritten(root: string, folderOrFile: string): AsyncGenerator<WrittenFile, void, void> {
  const below = path.relative(root, folderOrFile);
  const place = path.join(await realpath(root), below);
  if ((await realpath(folderOrFile)) !== place) throw isLink(below);
  if (!(await stat(place)).isDirectory()) {
    yield* opened(place, checkedPath(path.basename(place)));
    return;
  }
  const distinct = new DistinctPaths();
  for await (const relative of pathsIn(place, '')) {
    distinct.addFile(checkedPath(relative));
    yield* opened(path.join(place, relative), relative);
  }
}

async function* pathsIn(place: string, folder: string): AsyncGenerator<string, void, void> {
  const entries = await readdir(path.join(place, folder), { withFileTypes: true });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* pathsIn(place, relative);
    else if (entry.isFile()) yield relative;
    else throw pathInvalid({ path: relative, problem: 'it is a link, a device, a pipe or a socket' });
  }
}

async function* opened(absolute: string, relative: string): AsyncGenerator<WrittenFile, void, void> {
  const handle = await open(absolute, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'ELOOP' ? isLink(relative) : error;
  });
  try {
    const [ours, there, real] = await Promise.all([handle.stat(), stat(absolute), realpath(absolute)]);
    // A folder on the way may have become a link since it was listed; and a second name may be that of somebody else's file.
    if (real !== absolute || ours.ino !== there.ino || ours.dev !== there.dev || ours.nlink > 1 || !ours.isFile()) throw isLink(relative);
    yield { path: relative, handle };
  } finally {
    await handle.close();
  }
}

const isLink = (relative: string) => pathInvalid({ path: relative, problem: 'it is a link, or was changed while it was read' });
