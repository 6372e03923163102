import { bufferPool, type ReadResult } from '@hutong/common';
import type { ExecutionResult } from 'graphql';
import type { AnswerScanner } from './answer.scanner.js';

/** Where the entities of an answer begin. */
export interface ScannedEntities {
  starts: number[];
  cells: number[];
}

/** Bytes of a text that is not made anew. */
const SHORT = 2_000;

/** An answer of a subgraph as it came, with the places of its values; parsed only for those who ask for objects. */
export class ScannedAnswer implements ReadResult {
  /** It told of none. */
  declare readonly errors?: undefined;
  #data: ExecutionResult['data'];
  #entities: ScannedEntities | undefined;
  #text: string | undefined;
  #bytes: Buffer | undefined;
  #isShared = false;

  constructor(
    /** By which its cells are read. */
    readonly scanner: AnswerScanner,
    bytes: Buffer,
    text: string,
    /** As {@link Tape} has them. */
    readonly cells: Int32Array,
    private readonly isAscii: boolean,
  ) {
    this.#text = text;
    this.#bytes = bytes;
  }

  /** None after they were given back. */
  get bytes(): Buffer {
    return this.#bytes!;
  }

  /** A character for each byte. */
  get text(): string {
    return (this.#text ??= this.bytes.toString('latin1'));
  }

  /** Nobody needs the text for a while. */
  release(): void {
    if (this.bytes.length > SHORT) this.#text = undefined;
  }

  share(): void {
    this.#isShared = true;
  }

  /** All that was to be made of it has been made. */
  giveBack(): void {
    if (this.#isShared || !this.#bytes) return;
    bufferPool.giveBack(this.#bytes);
    this.#bytes = undefined;
  }

  /** A part of the text that does not keep the rest. */
  part(from: number, to: number): string {
    return this.bytes.toString('latin1', from, to);
  }

  /** Of an answer about entities: where each begins, in the text and in the cells. */
  get entities(): ScannedEntities {
    return (this.#entities ??= this.#found());
  }

  /** @throws Error when it has another number of entities */
  checkEntities(count: number): void {
    if (this.entities.starts.length !== count) throw new Error('it answered another number of entities than was asked for');
  }

  get data(): ExecutionResult['data'] {
    return (this.#data ??= (JSON.parse(this.bytes.toString()) as ExecutionResult).data);
  }

  /** A part of the text in characters instead of bytes. */
  decoded(text: string): string {
    return this.isAscii ? text : Buffer.from(text, 'latin1').toString();
  }

  #found(): ScannedEntities {
    const { cells } = this;
    const count = cells[2]!;
    const found: ScannedEntities = { starts: [], cells: [] };
    let start = this.scanner.start + 1;
    let cell = 3;
    for (let index = 0; index < count; index += 1) {
      found.starts.push(start);
      found.cells.push(cell);
      start = cells[cell]! + 1;
      cell = cells[cell + 1]!;
    }
    return found;
  }
}
