/** Grown at first to this at most, whatever length an answer announces. */
const BELIEVED_BYTES = 1_048_576;

/** Memory that small bodies share: many are read and let go in a moment, and memory of its own costs each more than its bytes. */
const SLAB_BYTES = 65_536;
const LARGEST_SHARING = 16_384;

let slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
let slabUsed = 0;

function memoryOf(bytes: number): Buffer {
  if (bytes > LARGEST_SHARING) return Buffer.allocUnsafeSlow(bytes);
  if (slabUsed + bytes > SLAB_BYTES) {
    slab = Buffer.allocUnsafeSlow(SLAB_BYTES);
    slabUsed = 0;
  }
  slabUsed += bytes;
  return slab.subarray(slabUsed - bytes, slabUsed);
}

const NOTHING = Buffer.alloc(0);

/** Puts a body together in one piece of memory, however small the pieces are in which it comes. */
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
    const larger = memoryOf(Math.max(least, 2 * this.#bytes.length, Math.min(this.expected, BELIEVED_BYTES)));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
