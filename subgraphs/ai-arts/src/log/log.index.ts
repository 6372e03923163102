import { LRUCache } from 'lru-cache';
import { cursorOf, PAGE_BYTES, type NumberedLogPage } from './log.page.js';
import type { LogSource } from './log.source.js';
import { textOf } from './log.text.js';

const LINES = 2_000;
const NEWLINE = 0x0a;
const CHUNK_BYTES = 4 * 2 ** 20;
/** Logs whose pages are remembered; one of 2 GB takes some 200 kB. */
const REMEMBERED = 256;

/** Where the pages of one log begin. A log only grows, so that what was counted once is not read again. */
class PageStarts {
  readonly starts: number[] = [];
  #read = 0;
  #lines = 0;
  #counting: Promise<void> = Promise.resolve();

  /** Bytes that were counted. */
  get end(): number {
    return this.#read;
  }

  /** Counts what was written since. */
  async update(source: LogSource, signal: AbortSignal): Promise<void> {
    const counting = this.#counting.catch(() => undefined).then(() => this.#count(source, signal));
    this.#counting = counting;
    await counting;
  }

  async #count(source: LogSource, signal: AbortSignal): Promise<void> {
    for (;;) {
      const { bytes } = await source.read(this.#read, CHUNK_BYTES, signal);
      if (bytes.length === 0) return;
      this.#take(bytes);
      signal.throwIfAborted();
    }
  }

  #take(bytes: Uint8Array): void {
    // Local variables, as every byte of what may be gigabytes comes by here.
    let lines = this.#lines;
    let full = (this.starts.at(-1) ?? 0) + PAGE_BYTES - this.#read;
    for (let at = 0; at < bytes.length; at++) {
      if (lines === 0 || at >= full) {
        this.starts.push(this.#read + at);
        full = at + PAGE_BYTES;
        lines = 1;
      }
      if (bytes[at] === NEWLINE && ++lines > LINES) lines = 0;
    }
    this.#lines = lines;
    this.#read += bytes.length;
  }
}

/** The logs of jobs, counted by pages of 2,000 lines. */
export class LogIndexes {
  readonly #indexes = new LRUCache<string, PageStarts>({ max: REMEMBERED });

  /** A page of a log, or its last one when it has fewer. @throws ENGINE_UNAVAILABLE */
  async page(source: LogSource, pageNum: number, signal: AbortSignal): Promise<NumberedLogPage> {
    const index = this.#indexes.get(source.key) ?? new PageStarts();
    this.#indexes.set(source.key, index);
    await index.update(source, signal);
    const { starts, end } = index;
    if (starts.length === 0) return { text: '', cursor: cursorOf(0), pageNum: 0, pageCount: 0 };
    const shown = Math.min(pageNum, starts.length);
    const from = starts[shown - 1]!;
    const { bytes } = await source.read(from, (starts[shown] ?? end) - from, signal);
    return { text: textOf(bytes), cursor: cursorOf(from + bytes.length), pageNum: shown, pageCount: starts.length };
  }
}
