import { bufferPool } from '../../http/buffer-pool.js';

/** Grown at first to this at most, whatever length an answer announces. */
const BELIEVED_BYTES = 1_048_576;

const NOTHING = Buffer.alloc(0);

/** Puts a body together in one piece of memory of the pool, however small the pieces are in which it comes. */
export class AnswerBody {
  #bytes: Buffer = NOTHING;
  #length = 0;

  /** @param expected bytes of the whole body, where that is known */
  constructor(private readonly expected = 0) {}

  get length(): number {
    return this.#length;
  }

  /** Copies a part of what was read. */
  add(data: Buffer, start: number, end: number): void {
    const length = this.#length + end - start;
    if (length > this.#bytes.length) this.#grow(length);
    data.copy(this.#bytes, this.#length, start, end);
    this.#length = length;
  }

  /** What has come. */
  whole(): Buffer {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  #grow(least: number): void {
    const smaller = this.#bytes;
    this.#bytes = bufferPool.take(Math.max(least, 2 * smaller.length, Math.min(this.expected, BELIEVED_BYTES)));
    smaller.copy(this.#bytes, 0, 0, this.#length);
    bufferPool.giveBack(smaller);
  }
}
