import type { Log } from '@hutong/common';
import type { EntityManager } from '@mikro-orm/postgresql';
import type { FollowedUpload, UploadCounts, UploadEvents } from './upload.events.js';

/** Events of one upload come so often at most, beside those of its states. */
const PAUSE_MS = 1_000;

export interface ProgressParts {
  fork: () => EntityManager;
  events: UploadEvents;
  log: Log;
}

/** How far one upload has come, told about once a second while it moves. */
export class UploadProgress {
  readonly counts: UploadCounts;
  #told = Date.now();
  #telling: Promise<void> | undefined;
  #isOver = false;

  /** @param arrivedBytes of what was sent before, and is only read now */
  constructor(
    private readonly parts: ProgressParts,
    /** As it is now. */
    public fileSet: FollowedUpload,
    private readonly arrivedBytes = 0,
  ) {
    this.counts = { receivedBytes: arrivedBytes, unpackedFiles: 0, totalFiles: null };
  }

  /** The same bytes, counted as they come. */
  async *counting(body: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    if (this.arrivedBytes > 0) return void (yield* body);
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

  /** Tells nothing more; resolves when nothing is being told any more, so that what comes next is told after it. */
  async end(): Promise<void> {
    this.#isOver = true;
    await this.#telling;
  }

  /** An event that is lost tells nothing that the next one does not. */
  #tell(): void {
    if (this.#isOver || this.#telling || Date.now() - this.#told < PAUSE_MS) return;
    const { fork, events, log } = this.parts;
    this.#telling = fork()
      .transactional((tx) => events.append(tx, this.fileSet, { ...this.counts }))
      .catch((err: unknown) => log.debug({ err }, 'the progress of an upload was not told'))
      .finally(() => {
        this.#told = Date.now();
        this.#telling = undefined;
      });
  }
}
