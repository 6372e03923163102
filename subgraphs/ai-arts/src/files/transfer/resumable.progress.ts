import { FileSetState } from '../file-set.states.js';
import { UploadProgress, type ProgressParts } from '../upload.progress.js';
import type { ResumableUpload } from './resumable.store.js';

/** Tells how far uploads have come that may be resumed, as long as they are no sets of files: one has the same events over all its requests. */
export class ResumableProgress {
  readonly #moving = new Map<string, UploadProgress>();

  constructor(private readonly parts: ProgressParts) {}

  /** The same bytes of one request, counted as they come behind those that came before. */
  counting({ id, ownerId, metadata: { token = null } }: ResumableUpload, offset: number, body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const progress = this.#moving.get(id) ?? new UploadProgress(this.parts, { id, ownerId, token, state: FileSetState.RECEIVING, stateReason: null });
    this.#moving.set(id, progress);
    progress.counts.receivedBytes = offset;
    return progress.counting(body);
  }

  /** Tells nothing more of one that is whole or gone. */
  async end(id: string): Promise<void> {
    const progress = this.#moving.get(id);
    this.#moving.delete(id);
    await progress?.end();
  }
}
