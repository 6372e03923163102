import { BrokenOff, TooLarge, type ReadAnswer } from '../http-client.js';
import { AnswerBody } from './answer-body.js';
import { answerHead, checkTrailers, isInformation, LARGEST_HEAD_BYTES, NotHttp, type AnswerHead } from './answer-head.js';

const MOST_INFORMATION = 16;
/** Of all lines before the chunks of one answer, without their sizes. */
const LARGEST_EXTENSIONS_BYTES = 16_384;
const LONGEST_SIZE_LINE = 4_096;
const SIZE_LINE = /^([\dA-Fa-f]{1,8})[\t ]*(;[\t\x20-\x7e\x80-\xff]*)?$/;
const EMPTY_LINE = Buffer.from('\r\n\r\n');
const BEGINNING = 'HTTP/1.';
const BARE_NEWLINE = /(?:^|[^\r])\n/;

type Part = 'head' | 'length' | 'until closed' | 'chunk size' | 'chunk' | 'chunk end' | 'trailers' | 'end';

/**
 * Reads one answer of HTTP/1.1 to a GET or POST from the bytes of a connection, however they are cut. It is strict: whoever stands between
 * must not be able to make it see the end of an answer elsewhere than the server.
 */
export class AnswerParser {
  readonly #atMost: number;
  #part: Part = 'head';
  #head: AnswerHead | undefined;
  #informed = 0;
  /** Bytes that came and do not make a whole line or head yet. */
  #held: Buffer | undefined;
  #body = new AnswerBody();
  /** Of the body or the chunk that is read. */
  #missing = 0;
  #extensionBytes = 0;

  /** @param atMost bytes of the body */
  constructor(atMost: number) {
    this.#atMost = atMost;
  }

  /** Of the answer, once its head is known. */
  get head(): AnswerHead | undefined {
    return this.#head;
  }

  /**
   * Takes what has come; of `bytes`, which are the caller's and may change afterwards, nothing is kept.
   *
   * @returns how many bytes are left behind the end of the answer; undefined while it has not ended
   * @throws NotHttp, TooLarge
   */
  add(bytes: Buffer): number | undefined {
    const data = this.#held ? Buffer.concat([this.#held, bytes]) : bytes;
    this.#held = undefined;
    for (let at = 0; at < data.length; ) {
      const next = this.#take(data, at);
      if (this.#hasEnded()) return data.length - next!;
      if (next === undefined) {
        this.#held = Buffer.from(data.subarray(at));
        return undefined;
      }
      at = next;
    }
    return undefined;
  }

  /** The server says nothing more. @throws Error when the answer has not ended with that */
  close(): void {
    if (this.#part === 'until closed') this.#part = 'end';
    if (!this.#hasEnded()) throw this.#head ? new BrokenOff('the connection was closed') : new Error('the connection was closed');
  }

  /** What was read. */
  answer(): ReadAnswer {
    return { status: this.#head!.status, body: this.#body.whole() };
  }

  #hasEnded(): boolean {
    return this.#part === 'end';
  }

  /** Where the next part begins; undefined where more has to come before anything can be made of the rest. */
  #take(data: Buffer, at: number): number | undefined {
    switch (this.#part) {
      case 'head':
        return this.#takeHead(data, at);
      case 'chunk size':
        return this.#takeSize(data, at);
      case 'chunk end':
        return this.#takeChunkEnd(data, at);
      case 'trailers':
        return this.#takeTrailers(data, at);
      case 'until closed':
        return this.#takeBody(data, at, data.length);
      default: {
        const end = Math.min(data.length, at + this.#missing);
        this.#missing -= end - at;
        if (this.#missing === 0) this.#part = this.#part === 'chunk' ? 'chunk end' : 'end';
        return this.#takeBody(data, at, end);
      }
    }
  }

  #takeHead(data: Buffer, at: number): number | undefined {
    const end = data.indexOf(EMPTY_LINE, at);
    if ((end === -1 ? data.length : end) - at > LARGEST_HEAD_BYTES) throw new NotHttp(`its head is larger than ${LARGEST_HEAD_BYTES} bytes`);
    if (end === -1) {
      const begun = data.toString('latin1', at);
      if (!BEGINNING.startsWith(begun.slice(0, BEGINNING.length))) throw new NotHttp('it does not begin as an answer of HTTP/1.1');
      if (BARE_NEWLINE.test(begun)) throw new NotHttp('a line of its head ends with a bare line feed');
      return undefined;
    }
    const head = answerHead(data.toString('latin1', at, end + 2));
    if (isInformation(head.status)) {
      if (++this.#informed > MOST_INFORMATION) throw new NotHttp('it keeps telling that an answer is to come');
    } else {
      this.#head = head;
      this.#beginBody(head);
    }
    return end + 4;
  }

  #beginBody({ frame }: AnswerHead): void {
    if (frame === 'chunked') this.#part = 'chunk size';
    else if (frame === 'until closed') this.#part = frame;
    else {
      if (frame > this.#atMost) throw new TooLarge();
      this.#body = new AnswerBody(frame);
      this.#missing = frame;
      this.#part = frame === 0 ? 'end' : 'length';
    }
  }

  #takeBody(data: Buffer, at: number, end: number): number {
    if (this.#body.length + end - at > this.#atMost) throw new TooLarge();
    this.#body.add(data, at, end);
    return end;
  }

  #takeSize(data: Buffer, at: number): number | undefined {
    const end = data.indexOf('\r\n', at, 'latin1');
    if ((end === -1 ? data.length : end) - at > LONGEST_SIZE_LINE) throw new NotHttp('the line before a chunk is too long');
    if (end === -1) {
      if (data.includes(10, at)) throw new NotHttp('the line before a chunk ends with a bare line feed');
      return undefined;
    }
    const [, size, extension] = SIZE_LINE.exec(data.toString('latin1', at, end)) ?? [];
    if (size === undefined) throw new NotHttp('a chunk has no size');
    this.#extensionBytes += extension?.length ?? 0;
    if (this.#extensionBytes > LARGEST_EXTENSIONS_BYTES) throw new NotHttp('too much is told of its chunks');
    this.#missing = Number.parseInt(size, 16);
    if (this.#missing > this.#atMost) throw new TooLarge();
    this.#part = this.#missing === 0 ? 'trailers' : 'chunk';
    return end + 2;
  }

  #takeChunkEnd(data: Buffer, at: number): number | undefined {
    if (data[at] !== 13 || (data.length > at + 1 && data[at + 1] !== 10)) throw new NotHttp('a chunk is longer than its size');
    if (data.length < at + 2) return undefined;
    this.#part = 'chunk size';
    return at + 2;
  }

  #takeTrailers(data: Buffer, at: number): number | undefined {
    const isNone = data[at] === 13 && data[at + 1] === 10;
    const end = isNone ? at : data.indexOf(EMPTY_LINE, at);
    if ((end === -1 ? data.length : end) - at > LARGEST_HEAD_BYTES) throw new NotHttp(`its trailers are larger than ${LARGEST_HEAD_BYTES} bytes`);
    if (end === -1) {
      if (BARE_NEWLINE.test(data.toString('latin1', at))) throw new NotHttp('a line of its trailers ends with a bare line feed');
      return undefined;
    }
    if (!isNone) checkTrailers(data.toString('latin1', at, end + 2));
    this.#part = 'end';
    return isNone ? at + 2 : end + 4;
  }
}
