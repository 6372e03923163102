import { Readable } from 'node:stream';
import { StoreError, type StoredBody } from '../store.js';
import { asStoreError } from './s3.faults.js';

/** The first `length` bytes of an answer's body. It fails where the body ends before, and lets go of a body that has more. */
export class ObjectReader extends Readable implements StoredBody {
  readonly lengthBytes: number;
  readonly #body: Readable;
  readonly #signal: AbortSignal;
  readonly #onAbort = (): void => void this.destroy(this.#signal.reason as Error);
  #left: number;
  #isEnded = false;

  constructor(body: Readable, length: number, signal: AbortSignal) {
    super();
    this.#body = body;
    this.#signal = signal;
    this.#left = length;
    this.lengthBytes = length;
    signal.addEventListener('abort', this.#onAbort);
    body
      .on('data', (chunk: Buffer) => this.#take(chunk))
      .on('end', () => this.#end())
      .on('error', (error) => this.destroy(asStoreError(error) as Error))
      .on('close', () => this.#end());
    body.pause();
  }

  override _read(): void {
    this.#body.resume();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#signal.removeEventListener('abort', this.#onAbort);
    this.#body.destroy();
    done(error);
  }

  #take(chunk: Buffer): void {
    const wanted = chunk.subarray(0, this.#left);
    this.#left -= wanted.byteLength;
    if (wanted.byteLength > 0 && !this.push(wanted)) this.#body.pause();
    if (this.#left === 0) this.#end();
  }

  #end(): void {
    if (this.destroyed || this.#isEnded) return;
    this.#isEnded = true;
    if (this.#left > 0) this.destroy(new StoreError('UNREACHABLE', 'the S3 server broke off before the end of the file'));
    else this.push(null);
  }
}
