import type { EntityManager } from '@mikro-orm/postgresql';
import { StoreError, type Store } from '../drivers/store/store.js';
import { pathMissing } from '../errors.js';
import { BoundedWork } from './bounded-work.js';
import type { FileSetDraft } from './file-set.draft.js';
import { FileSet } from './file-set.entity.js';
import { FileSetState } from './file-set.states.js';
import type { ResolvedPath } from './file-sets.js';
import type { Intake, NewFileSet } from './intake.js';
import { DistinctPaths } from './relative-path.js';
import { filesBelow } from './transfer/download.source.js';
import type { UploadProgress } from './upload.progress.js';

interface DerivedFilesParts {
  fork: () => EntityManager;
  store: Store;
  intake: Intake;
}

/** A file that comes to those of another set. */
export interface AddedFile {
  path: string;
  /** Puts it under its path. */
  put(draft: FileSetDraft, progress: UploadProgress, signal: AbortSignal): Promise<void>;
}

const AT_ONCE = 16;

/** Sets made of the files of others. */
export class DerivedFiles {
  constructor(private readonly parts: DerivedFilesParts) {}

  /**
   * Makes a set of the files that a path names, at its root, and one more, which replaces one of the same path. The store copies
   * what it has; nothing of the others comes here. All or nothing, as an upload, and expires like one unless it is claimed.
   *
   * @throws PATH_MISSING when the files are gone, PATH_INVALID when one differs from the added one in case only, what `added` fails with, FILES_TOO_LARGE as soon as its owner has no room for what is to be copied, STORE_UNAVAILABLE, STORE_FULL
   */
  make(of: NewFileSet, { id, folder }: { id: string; folder: ResolvedPath['folder'] }, added: AddedFile, signal: AbortSignal): Promise<FileSet> {
    const { fork, store, intake } = this.parts;
    return intake.make(of, signal, async (draft, progress, _arrived, stop) => {
      const source = await fork().findOne(FileSet, { id, state: FileSetState.READY });
      if (!source) throw pathMissing({ path: id });
      await added.put(draft, progress, stop);
      const paths = new DistinctPaths();
      paths.addFile(added.path);
      const copies = new BoundedWork(AT_ONCE);
      try {
        for await (const { path, sizeBytes, sha256 } of filesBelow(fork(), id, folder)) {
          stop.throwIfAborted();
          const relative = pathIn(folder, path);
          if (relative === added.path) continue;
          paths.addFile(relative);
          await draft.expect(sizeBytes);
          await copies.begin(async () => {
            await store.copy(source.prefix + path, draft.fileSet.prefix + relative, stop);
            draft.found({ path: relative, sizeBytes, sha256 });
            progress.unpacked();
          });
        }
        await copies.end();
      } catch (error) {
        await copies.settle();
        throw error instanceof StoreError && error.fault === 'NOT_FOUND' ? pathMissing({ path: id, cause: error }) : error;
      }
    });
  }
}

/** A file's path below a folder; the name of the file itself when it is the folder. */
export function pathIn(folder: string, path: string): string {
  if (folder === '') return path;
  return path === folder ? path.slice(path.lastIndexOf('/') + 1) : path.slice(folder.length + 1);
}
