const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');
const LENGTH = /\r\ncontent-length: *(\d+)/i;
const CHUNKED = /\r\ntransfer-encoding: *chunked/i;

/** A request or an answer of HTTP/1.1. */
export interface HttpMessage {
  /** The first line and the headers. */
  head: string;
  body: Buffer;
}

/**
 * Cuts what comes in on one connection into messages. It costs a tenth of what a whole HTTP server or client does, so that
 * one core is enough for the callers and the subgraphs of a fast gateway; it understands what gateways send, and no more.
 */
export class HttpMessages {
  readonly #tell: (message: HttpMessage) => void;
  #head: string | undefined;
  /** Bytes of the body; undefined where it comes in chunks. */
  #length: number | undefined;
  #parts: Buffer[] = [];
  #held = 0;

  constructor(tell: (message: HttpMessage) => void) {
    this.#tell = tell;
  }

  add(part: Buffer): void {
    this.#parts.push(part);
    this.#held += part.length;
    while (this.#held > 0 && this.#take());
  }

  /** Whether a message was whole. */
  #take(): boolean {
    if (this.#head === undefined && !this.#takeHead()) return false;
    if (this.#length === undefined) return this.#takeChunks();
    if (this.#held < this.#length) return false;
    const held = this.#joined();
    this.#end(held.subarray(0, this.#length), held.subarray(this.#length));
    return true;
  }

  #takeHead(): boolean {
    const held = this.#joined();
    const end = held.indexOf(HEAD_END);
    if (end === -1) return false;
    this.#head = held.toString('latin1', 0, end);
    const length = LENGTH.exec(this.#head)?.[1];
    this.#length = length === undefined && CHUNKED.test(this.#head) ? undefined : Number(length ?? 0);
    this.#keep(held.subarray(end + HEAD_END.length));
    return true;
  }

  /** Nobody sends the next message before this one is answered, so that the last chunk ends what has come. */
  #takeChunks(): boolean {
    if (this.#held < LAST_CHUNK.length) return false;
    const held = this.#joined();
    if (!held.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)) return false;
    const chunks: Buffer[] = [];
    for (let at = 0; ; ) {
      const line = held.indexOf('\r\n', at);
      const size = Number.parseInt(held.toString('latin1', at, line), 16);
      if (size === 0) break;
      chunks.push(held.subarray(line + 2, line + 2 + size));
      at = line + 4 + size;
    }
    this.#end(Buffer.concat(chunks), Buffer.alloc(0));
    return true;
  }

  #end(body: Buffer, rest: Buffer): void {
    const head = this.#head!;
    this.#head = undefined;
    this.#keep(rest);
    this.#tell({ head, body });
  }

  #joined(): Buffer {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0]!;
  }

  #keep(rest: Buffer): void {
    this.#parts = rest.length > 0 ? [rest] : [];
    this.#held = rest.length;
  }
}
