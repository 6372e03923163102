import type { FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { StoreError } from '../store.js';
import { asStoreError } from './disk.faults.js';

const CHUNK_BYTES = 256 * 1024;

/** The part of a file that is read. */
export interface FilePart {
  position: number;
  length: number;
}

/** Reads a part of an open file, and closes the file with the stream. It fails where the file ends before the part does. */
export class FileReader extends Readable {
  readonly #file: FileHandle;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.destroy(this.#signal.reason as Error);
  #position: number;
  #left: number;

  constructor(file: FileHandle, { position, length }: FilePart, signal: AbortSignal) {
    super({ highWaterMark: 2 * CHUNK_BYTES });
    this.#file = file;
    this.#signal = signal;
    this.#position = position;
    this.#left = length;
    signal.addEventListener('abort', this.#onAbort);
  }

  override _read(): void {
    void this.#readOn();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    void this.#close(() => done(error));
  }

  async #readOn(): Promise<void> {
    try {
      const size = Math.min(this.#left, CHUNK_BYTES);
      if (size === 0) return void this.push(null);
      const { bytesRead, buffer } = await this.#file.read(Buffer.allocUnsafeSlow(size), 0, size, this.#position);
      if (bytesRead === 0) throw new StoreError('FAILED', 'the file ends before its length');
      this.#position += bytesRead;
      this.#left -= bytesRead;
      this.push(buffer.subarray(0, bytesRead));
    } catch (error) {
      this.destroy(asStoreError(error) as Error);
    }
  }

  /** Waits for a read under way; a file that was only read loses nothing where closing fails. */
  async #close(done: () => void): Promise<void> {
    await this.#file.close().catch(() => {});
    done();
  }
}
