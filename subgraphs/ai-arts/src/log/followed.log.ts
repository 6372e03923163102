import type { Log } from '@hutong/common';
import { cursorOf, type LogPage } from './log.page.js';
import type { LogSource } from './log.source.js';
import { textOf, wholeLength } from './log.text.js';

const PAUSE_MS = 100;
const PIECE_BYTES = 256 * 1_024;

/** A piece of a log, and where it begins and ends. */
interface Piece {
  from: number;
  end: number;
  page: LogPage;
}

/** One log that is being followed: read once, however many follow it. It keeps the piece that came last; who is further behind reads for itself. */
export class FollowedLog {
  /** Bytes that are there to be had. */
  end = 0;
  /** Whether that is all there will ever be. */
  isComplete = false;
  #isClosed: boolean;
  #news = Promise.withResolvers<void>();
  #last: Piece | undefined;
  readonly #stop = new AbortController();

  constructor(
    private readonly source: LogSource,
    private readonly log: Log,
  ) {
    this.#isClosed = source.isClosed;
  }

  /** Resolves when there may be more, or when it is complete. */
  get news(): Promise<void> {
    return this.#news.promise;
  }

  /** Nothing will be written any more: what is there is read to its end. */
  close(): void {
    this.#isClosed = true;
  }

  /** Reads no more. */
  stop(): void {
    this.#stop.abort(new Error('nobody follows the log any more'));
  }

  /** Reads on until all is read, or it is stopped. */
  async run(): Promise<void> {
    while (!this.#stop.signal.aborted && !this.isComplete) {
      // Asked before it is read: what was written until then is all there is.
      const isClosed = this.#isClosed;
      try {
        await this.#readOn();
        this.isComplete = isClosed;
      } catch (err) {
        if (!this.#stop.signal.aborted) this.log.warn({ err, log: this.source.key }, 'a log could not be read on; will try again');
      }
      this.#tell();
      if (!this.isComplete) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS).unref());
    }
  }

  /** What follows an offset before the end. */
  async pieceAt(offset: number): Promise<Piece> {
    return this.#last?.from === offset ? this.#last : (await this.#read(offset)).piece;
  }

  async #readOn(): Promise<void> {
    const { piece, sizeBytes } = await this.#read(this.end);
    if (piece.end === piece.from) return;
    this.#last = piece;
    this.end = Math.max(piece.end, sizeBytes - piece.end < PIECE_BYTES ? piece.end : sizeBytes);
  }

  async #read(from: number): Promise<{ piece: Piece; sizeBytes: number }> {
    const { bytes, sizeBytes } = await this.source.read(from, PIECE_BYTES, this.#stop.signal);
    // The rest of a character that has come in part stays for the next time, unless there will be none.
    const whole = this.#isClosed && from + bytes.length >= sizeBytes ? bytes : bytes.subarray(0, wholeLength(bytes));
    const end = from + whole.length;
    return { piece: { from, end, page: { text: textOf(whole), cursor: cursorOf(end), complete: false } }, sizeBytes };
  }

  #tell(): void {
    const { resolve } = this.#news;
    this.#news = Promise.withResolvers();
    resolve();
  }
}
