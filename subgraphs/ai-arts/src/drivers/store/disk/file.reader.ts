import type { FileHandle } from 'node:fs/promises';
import { Readable, type Writable } from 'node:stream';
import { StoreError, type SelfSending, type StoredBody } from '../store.js';
import { asStoreError } from './disk.faults.js';

const CHUNK_BYTES = 256 * 1024;

/** The part of a file that is read. */
export interface FilePart {
  position: number;
  length: number;
}

/** Reads a part of an open file, and closes the file with the stream. It fails where the file ends before the part does. */
export class FileReader extends Readable implements StoredBody, SelfSending {
  readonly lengthBytes: number;
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
    this.lengthBytes = length;
    signal.addEventListener('abort', this.#onAbort);
  }

  async sendTo(target: Writable): Promise<void> {
    const [one, other] = [Buffer.allocUnsafeSlow(CHUNK_BYTES), Buffer.allocUnsafeSlow(CHUNK_BYTES)];
    const closed = Promise.withResolvers<never>();
    const onClose = (): void => closed.reject(new Error('the receiver is gone'));
    closed.promise.catch(() => {});
    target.once('close', onClose);
    let written = Promise.resolve();
    try {
      for (let buffer = one; this.#left > 0; buffer = buffer === one ? other : one) {
        const bytes = await this.#readInto(buffer);
        await Promise.race([written, closed.promise]);
        written = taken(target, bytes);
        written.catch(() => {});
      }
      await Promise.race([written, closed.promise]);
      target.off('close', onClose);
      target.end();
    } finally {
      this.destroy();
    }
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
      if (this.#left === 0) return void this.push(null);
      this.push(await this.#readInto(Buffer.allocUnsafeSlow(Math.min(this.#left, CHUNK_BYTES))));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  /** Reads on, as much as is left and fits; answers what was read. */
  async #readInto(buffer: Buffer): Promise<Buffer> {
    const { bytesRead } = await this.#file.read(buffer, 0, Math.min(this.#left, buffer.length), this.#position).catch((error: unknown) => {
      throw asStoreError(error);
    });
    if (bytesRead === 0) throw new StoreError('FAILED', 'the file ends before its length');
    this.#position += bytesRead;
    this.#left -= bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  /** Waits for a read under way; a file that was only read loses nothing where closing fails. */
  async #close(done: () => void): Promise<void> {
    await this.#file.close().catch(() => {});
    done();
  }
}

/** Resolves when a stream has no more use for the bytes. */
const taken = (target: Writable, bytes: Buffer): Promise<void> =>
  new Promise((resolve, reject) => {
    target.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
