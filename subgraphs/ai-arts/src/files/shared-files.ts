import { createHash } from 'node:crypto';
import type { FoundFile, Store } from '../drivers/store/store.js';
import type { AiArtsSettings } from '../environment.js';
import { filesTooLarge, pathInvalid, pathMissing } from '../errors.js';
import type { FileSetDraft } from './file-set.draft.js';
import type { FilePurpose, FileSet } from './file-set.entity.js';
import { SHARED } from './file-set.removal.js';
import type { Intake } from './intake.js';
import { checkedPath } from './relative-path.js';

interface SharedFilesParts {
  store: Store;
  intake: Intake;
  settings: Pick<AiArtsSettings, 'unpack'>;
}

/** Whether a path names files that administrators have put into the store. */
export const isShared = (path: string): boolean => path.startsWith(SHARED);

/** Sets of files that administrators have put into the store below `shared/`, where they stay when their sets are deleted. */
export class SharedFiles {
  constructor(private readonly parts: SharedFilesParts) {}

  /**
   * Makes a set of a shared folder, or of one shared file, as it is now; each file is read for its hash. Answers the set as
   * RECEIVING when the wait is over before; it becomes READY later then.
   *
   * @throws PATH_INVALID, PATH_MISSING, FILES_TOO_LARGE, STORE_UNAVAILABLE
   */
  async register(ownerId: string, { path, purpose }: { path: string; purpose: FilePurpose }, waitMs: number, signal: AbortSignal): Promise<FileSet> {
    const { store, intake } = this.parts;
    const place = checkedPath(path, 'input.path');
    if (!isShared(place)) throw pathInvalid({ path, problem: `expected a path below ${SHARED}`, field: 'input.path' });
    const single = await store.stat(place, signal);
    const prefix = single ? place.slice(0, place.lastIndexOf('/') + 1) : `${place}/`;
    const folder = single ? place.slice(prefix.length) : '';
    return intake.follow({ ownerId, purpose, isPrivate: true, prefix, folder }, waitMs, signal, async (draft, progress, arrived, stop) => {
      arrived(draft.fileSet);
      for await (const file of single ? [single] : store.list(prefix, stop)) {
        if (draft.files.length >= this.parts.settings.unpack.files) throw filesTooLarge({ name: path, limit: `it has more than ${draft.files.length} files (AI_ARTS_UNPACKED_FILES)` });
        await this.#take(draft, prefix, file, stop);
        progress.unpacked();
      }
      if (draft.files.length === 0) throw pathMissing({ path, field: 'input.path' });
    });
  }

  async #take(draft: FileSetDraft, prefix: string, { key }: FoundFile, signal: AbortSignal): Promise<void> {
    const hash = createHash('sha256');
    let sizeBytes = 0;
    for await (const chunk of await this.parts.store.get(key, signal)) {
      hash.update(chunk as Buffer);
      sizeBytes += (chunk as Buffer).length;
    }
    draft.found({ path: checkedPath(key.slice(prefix.length)), sizeBytes, sha256: hash.digest('hex') });
  }
}
