/** Of an answer whose memory is kept: smaller ones cost little to make anew, larger ones are few. */
const SMALLEST = 1 << 12;
const LARGEST = 1 << 20;
/** Of all memory that waits for an answer. */
const MOST_KEPT = 1 << 23;

/**
 * Memory of answers that have been sent, for answers to come. Left to the garbage collection it would wait, outside of the heap, for as
 * long as that has room: hundreds of answers at a time, and `malloc` never gives back to the system what was in between.
 */
export class AnswerMemory {
  /** By the sizes that there are, two for each power of two. */
  readonly #kept: ArrayBuffer[][] = [];
  #bytes = 0;

  /** Bytes that wait to be used. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Room for an answer, with anything in it. */
  take(length: number): Buffer {
    if (length < SMALLEST || length > LARGEST) return Buffer.allocUnsafeSlow(length);
    const size = sizeFor(length);
    const memory = this.#kept[placeOf(size)]?.pop();
    if (!memory) return Buffer.allocUnsafeSlow(size).subarray(0, length);
    this.#bytes -= size;
    return Buffer.from(memory, 0, length);
  }

  /** Nobody looks at these bytes any more, in whatever part of them. They are what {@link take} gave, and are given back once. */
  giveBack({ buffer }: Buffer): void {
    const size = buffer.byteLength;
    if (size < SMALLEST || size > LARGEST || size !== sizeFor(size)) return;
    // Answers are of other sizes now, or fewer at a time.
    if (this.#bytes + size > MOST_KEPT) this.#empty();
    (this.#kept[placeOf(size)] ??= []).push(buffer as ArrayBuffer);
    this.#bytes += size;
  }

  #empty(): void {
    this.#kept.length = 0;
    this.#bytes = 0;
  }
}

/** The one of this process. */
export const answerMemory = new AnswerMemory();

/** The next power of two, or three quarters of that. */
function sizeFor(length: number): number {
  const power = 2 ** (32 - Math.clz32(length - 1));
  return length <= 0.75 * power ? 0.75 * power : power;
}

const placeOf = (size: number): number => Math.round(2 * Math.log2(size));
