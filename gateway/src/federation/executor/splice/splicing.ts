import { answerTooLarge, bufferPool } from '@hutong/common';
import type { ScannedAnswer } from './scanned.answer.js';
import type { SplicedRun } from './spliced.run.js';

const OPENING = '{"data":';
const CLOSING = '}';
const NOWHERE = -1;
const FIRST = 1 << 18;
const MOST_KEPT = 1 << 22;

/** Of all answers: none is interrupted while it is written. */
let room = Buffer.allocUnsafeSlow(FIRST);

interface Repeated {
  from: number[];
  to: number[];
}

/** The bytes of an answer, put together from parts of the subgraphs' answers and of itself. Parts that follow each other are one. */
export class Splicing {
  #answer: ScannedAnswer | undefined;
  #length = 0;
  /** The part of the answer that is to be written next. */
  #from = 0;
  #to = NOWHERE;
  /** By what they are of, and the number of the entity. */
  readonly #repeated: (Repeated | undefined)[] = [];

  constructor(
    readonly run: SplicedRun,
    private readonly atMost: number,
  ) {
    this.piece(OPENING);
  }

  /** What parts are of. */
  get answer(): ScannedAnswer {
    return this.#answer!;
  }

  /** Parts are of this answer from now on; answers that of which they were. */
  enter(answer: ScannedAnswer): ScannedAnswer | undefined {
    this.#flush();
    const outer = this.#answer;
    this.#answer = answer;
    return outer;
  }

  leave(outer: ScannedAnswer | undefined): void {
    this.#flush();
    this.#answer = outer;
  }

  /** Goes on with a part. */
  range(from: number, to: number): void {
    if (from !== this.#to) {
      this.#flush();
      this.#from = from;
    }
    this.#to = to;
  }

  /** Goes on with a text of ASCII. */
  piece(text: string): void {
    this.#flush();
    this.#reserve(text.length);
    this.#length += room.write(text, this.#length, 'latin1');
  }

  /** Where it goes on. */
  mark(): number {
    this.#flush();
    return this.#length;
  }

  /** What was written since then may be repeated. */
  remember(memo: number, entity: number, from: number): void {
    this.#flush();
    const repeated = (this.#repeated[memo] ??= { from: [], to: [] });
    repeated.from[entity] = from;
    repeated.to[entity] = this.#length;
  }

  /** Goes on with what was written of this before; false: nothing was. */
  repeat(memo: number, entity: number): boolean {
    const repeated = this.#repeated[memo];
    const from = repeated?.from[entity];
    if (from === undefined) return false;
    this.#flush();
    const to = repeated!.to[entity]!;
    this.#reserve(to - from);
    room.copyWithin(this.#length, from, to);
    this.#length += to - from;
    return true;
  }

  /** The whole answer, in memory that may be given back. @throws LIMIT_EXCEEDED */
  end(): Buffer {
    this.piece(CLOSING);
    const answer = bufferPool.take(this.#length);
    room.copy(answer, 0, 0, this.#length);
    // One answer out of all proportion is not to be remembered by its size.
    if (room.length > MOST_KEPT) room = Buffer.allocUnsafeSlow(FIRST);
    return answer;
  }

  #flush(): void {
    if (this.#to === NOWHERE) return;
    const { bytes } = this.#answer!;
    this.#reserve(this.#to - this.#from);
    this.#length += bytes.copy(room, this.#length, this.#from, this.#to);
    this.#to = NOWHERE;
  }

  #reserve(count: number): void {
    const length = this.#length + count;
    if (length > this.atMost + OPENING.length + CLOSING.length) throw answerTooLarge(this.atMost);
    if (length <= room.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * length);
    room.copy(larger, 0, 0, this.#length);
    room = larger;
  }
}
