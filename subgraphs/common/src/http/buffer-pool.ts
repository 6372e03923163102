/** Of a body whose memory is kept: there are few larger ones. Smaller ones have as much as the smallest. */
const SMALLEST = 1 << 8;
const LARGEST = 1 << 20;
/** Of all memory that waits for a body. */
const MOST_KEPT = 1 << 24;

/** So that no other memory is ever taken for the pool's own. */
class PooledMemory extends ArrayBuffer {}

/**
 * Memory of bodies that nobody looks at any more, for bodies to come. Left to the garbage collection it would wait, outside of the heap, for
 * as long as that has room: hundreds of bodies at a time, and `malloc` never gives back to the system what was in between.
 */
export class BufferPool {
  /** By the sizes that there are, two for each power of two. */
  readonly #kept: PooledMemory[][] = [];
  #bytes = 0;

  /** Bytes that wait to be used. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Room for a body, with anything in it. */
  take(length: number): Buffer {
    if (length > LARGEST) return Buffer.allocUnsafeSlow(length);
    const size = sizeFor(length);
    const memory = this.#kept[placeOf(size)]?.pop();
    if (memory) this.#bytes -= size;
    return Buffer.from(memory ?? new PooledMemory(size), 0, length);
  }

  /** Nobody looks at these bytes any more, in whatever part of them. What {@link take} gave is given back once at most; anything else is left alone. */
  giveBack({ buffer }: Buffer): void {
    if (!(buffer instanceof PooledMemory)) return;
    const size = buffer.byteLength;
    // Bodies are of other sizes now, or fewer at a time.
    if (this.#bytes + size > MOST_KEPT) this.#empty();
    (this.#kept[placeOf(size)] ??= []).push(buffer);
    this.#bytes += size;
  }

  #empty(): void {
    this.#kept.length = 0;
    this.#bytes = 0;
  }
}

/** The one of this process: for answers of subgraphs, and for those that are made of them. */
export const bufferPool = new BufferPool();

/** The next power of two, or three quarters of that. */
function sizeFor(length: number): number {
  if (length <= SMALLEST) return SMALLEST;
  const power = 2 ** (32 - Math.clz32(length - 1));
  return length <= 0.75 * power ? 0.75 * power : power;
}

const placeOf = (size: number): number => Math.round(2 * Math.log2(size));
