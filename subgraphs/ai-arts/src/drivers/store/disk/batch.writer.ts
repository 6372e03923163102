import type { FileHandle } from 'node:fs/promises';

const MB = 1024 * 1024;
const WRITTEN_AT_ONCE = MB;
/** What the system may hold back from the disk, beside what the disk is at. */
const FLUSHED_AT_ONCE = 32 * MB;

/**
 * Writes a new file in batches: the system takes one while the next arrives, and the disk writes while both go on, so that a
 * large file is not waited for when its last byte is there.
 */
export class BatchWriter {
  #batch: Uint8Array[] = [];
  #batchBytes = 0;
  #writing = Promise.resolve();
  #unflushedBytes = 0;
  #flushing = Promise.resolve();
  #isFlushing = false;

  constructor(private readonly handle: FileHandle) {}

  /** Takes the next bytes; waits when the system is behind. @throws what an earlier batch has failed with */
  async write(chunk: Uint8Array): Promise<void> {
    this.#batch.push(chunk);
    this.#batchBytes += chunk.byteLength;
    if (this.#batchBytes >= WRITTEN_AT_ONCE) await this.#next();
  }

  /** Resolves when the disk has all of it. @throws what a batch, or the disk, has failed with */
  async end(): Promise<void> {
    await this.#next();
    await this.#writing;
    await this.#flushing;
    await this.handle.sync();
  }

  /** Resolves when nothing is under way any more, whatever became of it. */
  async settle(): Promise<void> {
    await Promise.allSettled([this.#writing, this.#flushing]);
  }

  async #next(): Promise<void> {
    await this.#writing;
    this.#writing = writeAll(this.handle, this.#batch, this.#batchBytes);
    this.#writing.catch(() => {});
    this.#unflushedBytes += this.#batchBytes;
    this.#batch = [];
    this.#batchBytes = 0;
    if (this.#unflushedBytes >= FLUSHED_AT_ONCE && !this.#isFlushing) this.#flush();
  }

  /** A disk tells what it has failed with once: it is kept, and thrown at the end. */
  #flush(): void {
    this.#unflushedBytes = 0;
    this.#isFlushing = true;
    this.#flushing = this.#flushing
      .then(() => this.handle.datasync())
      .finally(() => {
        this.#isFlushing = false;
      });
    this.#flushing.catch(() => {});
  }
}

async function writeAll(handle: FileHandle, chunks: Uint8Array[], bytes: number): Promise<void> {
  if (bytes === 0) return;
  let { bytesWritten } = await handle.writev(chunks);
  // A disk that fills up takes a part, and says why only when it is given the rest.
  if (bytesWritten === bytes) return;
  const whole = Buffer.concat(chunks);
  while (bytesWritten < bytes) bytesWritten += (await handle.write(whole, bytesWritten)).bytesWritten;
}
