/** What came back is no answer of HTTP/1.1, or in a form that is not understood here; nothing more of the connection can be. */
export class NotHttp extends Error {
  override readonly name = 'NotHttp';
}

/** How the end of a body is told: none comes; by its length; in chunks; by the end of the connection. */
export type BodyFrame = number | 'chunked' | 'until closed';

/** What is used of the first line and the headers of an answer. */
export interface AnswerHead {
  status: number;
  frame: BodyFrame;
  /** Whether the connection may be used again. */
  isKept: boolean;
  /** Seconds that the server keeps an idle connection, where it says so. */
  keptSeconds: number | undefined;
}

/** Of an answer's head, and of the trailers behind its chunks. */
export const LARGEST_HEAD_BYTES = 16_384;
const MOST_HEADERS = 200;

const FIELDS = String.raw`(?:[!#$%&'*+\-.^_\x60|~\dA-Za-z]+:[\t\x20-\x7e\x80-\xff]*\r\n)*`;
const HEAD = new RegExp(String.raw`^HTTP/1\.[01] [1-5]\d\d(?: [\t\x20-\x7e\x80-\xff]*)?\r\n${FIELDS}$`);
const ONLY_FIELDS = new RegExp(`^${FIELDS}$`);
const LENGTH = /^[\t ]*(\d{1,15})[\t ]*$/;
const CHUNKED = /^[\t ]*chunked[\t ]*$/i;
const IDENTITY = /^[\t ]*(?:identity)?[\t ]*$/i;
const CLOSE = /(?:^|,)[\t ]*close[\t ]*(?:,|$)/i;
const KEPT_SECONDS = /(?:^|[,;\t ])timeout=(\d{1,9})(?:[,;\t ]|$)/i;

const NO_CONTENT = 204;
const NOT_MODIFIED = 304;
const SWITCHING = 101;
const OK = 200;

/** Whether an answer of this status is only information about one that is to come. */
export const isInformation = (status: number): boolean => status < OK;

/** What follows the last chunk, nothing of which is used. @throws NotHttp */
export function checkTrailers(text: string): void {
  if (!ONLY_FIELDS.test(text)) throw new NotHttp('its trailers are no header fields');
}

/**
 * Reads the first line and the headers, each with its line's end, without the empty line.
 *
 * @throws NotHttp also for what another reader could take for the end of another answer
 */
export function answerHead(text: string): AnswerHead {
  if (!HEAD.test(text)) throw new NotHttp('it does not begin with the head of an answer of HTTP/1.1');
  const status = Number(text.slice(9, 12));
  if (status === SWITCHING) throw new NotHttp('it switches to a protocol that nobody asked for');
  const { length, chunked, isClosed, keptSeconds } = fieldsOf(text);
  const isOld = text[7] === '0';
  if (chunked && (length !== undefined || isOld)) throw new NotHttp('it tells the length of its body in two ways');
  return { status, frame: frameOf(status, length, chunked), isKept: !isClosed && !isOld, keptSeconds };
}

function frameOf(status: number, length: number | undefined, chunked: boolean): BodyFrame {
  if (isInformation(status) || status === NO_CONTENT || status === NOT_MODIFIED) return 0;
  return chunked ? 'chunked' : (length ?? 'until closed');
}

interface Fields {
  length: number | undefined;
  chunked: boolean;
  isClosed: boolean;
  keptSeconds: number | undefined;
}

function fieldsOf(text: string): Fields {
  const fields: Fields = { length: undefined, chunked: false, isClosed: false, keptSeconds: undefined };
  let count = 0;
  for (let at = text.indexOf('\r\n') + 2, end: number; at < text.length; at = end + 2) {
    end = text.indexOf('\r\n', at);
    if (++count > MOST_HEADERS) throw new NotHttp(`it has more than ${MOST_HEADERS} headers`);
    const colon = text.indexOf(':', at);
    // Most headers differ in the length of their names from all that are read.
    if (READ_LENGTHS.has(colon - at)) READ[text.slice(at, colon).toLowerCase()]?.(text.slice(colon + 1, end), fields);
  }
  return fields;
}

const READ: Readonly<Record<string, (value: string, fields: Fields) => void>> = Object.assign(Object.create(null), {
  'content-length': (value: string, fields: Fields): void => {
    const [, length] = LENGTH.exec(value) ?? [];
    if (length === undefined || fields.length !== undefined) throw new NotHttp('its Content-Length is no single number');
    fields.length = Number(length);
  },
  'transfer-encoding': (value: string, fields: Fields): void => {
    if (fields.chunked || !CHUNKED.test(value)) throw new NotHttp('its Transfer-Encoding is not just "chunked"');
    fields.chunked = true;
  },
  'content-encoding': (value: string): void => {
    if (!IDENTITY.test(value)) throw new NotHttp('it has a Content-Encoding, which nobody asked for');
  },
  connection: (value: string, fields: Fields): void => {
    fields.isClosed ||= CLOSE.test(value);
  },
  'keep-alive': (value: string, fields: Fields): void => {
    const [, seconds] = KEPT_SECONDS.exec(value) ?? [];
    if (seconds !== undefined) fields.keptSeconds = Number(seconds);
  },
});

const READ_LENGTHS = new Set(Object.keys(READ).map((name) => name.length));
