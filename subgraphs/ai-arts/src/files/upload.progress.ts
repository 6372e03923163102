import type { Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FileSet } from './file-set.entity.js';
import type { UploadCounts, UploadEvents } from './upload.events.js';

/** Events of one upload come so often at most, beside those of its states. */
const PAUSE_MS = 1_000;

interface ProgressParts {
  fork: () => EntityManager;
  events: UploadEvents;
  log: Log;
}

/** How far one upload has come, told about once a second while it moves. */
export class UploadProgress {
  readonly counts: UploadCounts = { receivedBytes: 0, unpackedFiles: 0, totalFiles: null };
  #told = Date.now();
  #telling = false;

  constructor(
    private readonly parts: ProgressParts,
    /** As it is now. */
    public fileSet: FileSet,
  ) {}

  /** The same bytes, counted as they come. */
  async *counting(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const chunk of body) {
      this.counts.receivedBytes += chunk.length;
      this.#tell();
      yield chunk;
    }
  }

  unpacked(): void {
    this.counts.unpackedFiles++;
    this.#tell();
  }

  /** An event that is lost tells nothing that the next one does not. */
  #tell(): void {
    if (this.#telling || Date.now() - this.#told < PAUSE_MS) return;
    this.#telling = true;
    const { fork, events, log } = this.parts;
    fork()
      .transactional((tx) => events.append(tx, this.fileSet, { ...this.counts }))
      .catch((err: unknown) => log.debug({ err }, 'the progress of an upload was not told'))
      .finally(() => {
        this.#told = Date.now();
        this.#telling = false;
      });
  }
}
