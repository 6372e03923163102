/** An answer as it came. */
export interface WireAnswer {
  status: number;
  version: string;
  /** By their names in lower case; one that came several times has its values joined. */
  headers: Record<string, string>;
  body: Buffer;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = Buffer.from('\r\n');
const STATUS_LINE = /^HTTP\/(\d\.\d) (\d{3})(?: [^\r\n]*)?$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*(.*?)[ \t]*$/;

type Head = Omit<WireAnswer, 'body'>;

/** Reads the answers of one connection, strictly, byte for byte: whatever is no HTTP/1.1 is a fault of the server. */
export class AnswerParser {
  readonly answers: WireAnswer[] = [];
  /** What of it is no HTTP; nothing is read after that. */
  fault: string | undefined;
  readonly #methods: readonly string[];
  #rest: Buffer = Buffer.alloc(0);
  #head: Head | undefined;
  #chunks: Buffer[] | undefined;
  /** The connection is another protocol's, or a stream's of events, from now on: nothing follows of which an end is to be seen. */
  #isGivenAway = false;

  /** @param methods of the requests that were sent, in their order */
  constructor(methods: readonly string[]) {
    this.#methods = methods;
  }

  get isGivenAway(): boolean {
    return this.#isGivenAway;
  }

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
    while (this.fault === undefined && !this.#isGivenAway && this.#step()) { /* as far as it came */ }
  }

  /** The server has closed the connection. */
  end(): void {
    if (this.fault !== undefined || this.#isGivenAway) return;
    const head = this.#head;
    if (head && this.#chunks === undefined && head.headers['content-length'] === undefined) return void this.#finish(head, this.#rest);
    if (head || this.#rest.length > 0) this.fault = `the connection was closed within an answer, after ${JSON.stringify(this.#rest.toString('latin1').slice(0, 200))}`;
  }

  /** Whether there was something to read. */
  #step(): boolean {
    const head = this.#head;
    if (!head) return this.#readHead();
    if (this.#chunks) return this.#readChunk(head, this.#chunks);
    const length = head.headers['content-length'];
    if (length === undefined || this.#rest.length < Number(length)) return false;
    const body = this.#rest.subarray(0, Number(length));
    this.#rest = this.#rest.subarray(body.length);
    return this.#finish(head, body);
  }

  #readHead(): boolean {
    const end = this.#rest.indexOf(HEAD_END);
    if (end < 0) return false;
    const [first = '', ...lines] = this.#rest.subarray(0, end).toString('latin1').split('\r\n');
    const [, version = '', status = ''] = STATUS_LINE.exec(first) ?? [];
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const [, name, value = ''] = FIELD.exec(line) ?? [];
      if (name === undefined) return this.#fail(`the header line ${JSON.stringify(line)}`);
      const known = headers[name.toLowerCase()];
      headers[name.toLowerCase()] = known === undefined ? value : `${known}, ${value}`;
    }
    if (status === '') return this.#fail(`the status line ${JSON.stringify(first.slice(0, 200))}`);
    this.#rest = this.#rest.subarray(end + HEAD_END.length);
    return this.#begin({ status: Number(status), version, headers });
  }

  #begin(head: Head): boolean {
    const { status, headers } = head;
    if (status === 101 || (status === 200 && headers['content-type']?.startsWith('text/event-stream'))) {
      this.#isGivenAway = true;
      this.answers.push({ ...head, body: this.#rest });
      return false;
    }
    if (status < 200) return true;
    const length = headers['content-length'];
    const coding = headers['transfer-encoding'];
    if (length !== undefined && (coding !== undefined || !/^\d+$/.test(length))) return this.#fail(`Content-Length ${length} with Transfer-Encoding ${coding}`);
    this.#head = head;
    if (this.#methods[this.answers.length] === 'HEAD' || status === 204 || status === 304) return this.#finish(head, Buffer.alloc(0));
    if (coding !== undefined) this.#chunks = [];
    return true;
  }

  #readChunk(head: Head, chunks: Buffer[]): boolean {
    const lineEnd = this.#rest.indexOf(LINE_END);
    if (lineEnd < 0) return false;
    const line = this.#rest.subarray(0, lineEnd).toString('latin1');
    if (!/^[0-9a-f]+$/i.test(line)) return this.#fail(`the size of a chunk ${JSON.stringify(line.slice(0, 200))}`);
    const begin = lineEnd + LINE_END.length;
    const end = begin + Number.parseInt(line, 16);
    if (this.#rest.length < end + LINE_END.length) return false;
    const chunk = this.#rest.subarray(begin, end);
    this.#rest = this.#rest.subarray(end + LINE_END.length);
    if (chunk.length === 0) return this.#finish(head, Buffer.concat(chunks));
    chunks.push(chunk);
    return true;
  }

  #finish(head: Head, body: Buffer): boolean {
    this.answers.push({ ...head, body });
    this.#head = undefined;
    this.#chunks = undefined;
    return true;
  }

  #fail(what: string): boolean {
    this.fault = `${what} is no HTTP/1.1`;
    return false;
  }
}
