import type { ClientRequest, RequestKind } from '../http-client.js';

/** A request as it is written to a connection. */
export interface RequestText {
  text: string;
  encoding: 'latin1' | 'utf8';
}

const NAME = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e]*$/;
const PATH = /^\/[\x21-\x7e]*$/;

/** Writes requests to one host; what requests of a kind have in common is written once, and so are headers that are one object. */
export class RequestTexts {
  readonly #host: string;
  readonly #kinds = new WeakMap<RequestKind, string>();
  readonly #headers = new WeakMap<object, string>();

  /** @param host with the port, where it is not the usual one */
  constructor(host: string) {
    this.#host = host;
  }

  /** @throws Error for a header that would end elsewhere than where it should, and for a body that is no text */
  textOf({ kind, headers, trace, body, bodyBytes }: ClientRequest): RequestText {
    let head = this.#kinds.get(kind);
    if (head === undefined) this.#kinds.set(kind, (head = this.#written(kind)));
    if (headers) head += this.#lines(headers);
    if (trace) head += this.#lines(trace);
    if (body === undefined) return { text: `${head}\r\n`, encoding: 'latin1' };
    if (typeof body !== 'string') throw new Error('only texts can be sent');
    const bytes = bodyBytes ?? Buffer.byteLength(body);
    // A text with as many bytes as characters is ASCII, which is written as it is.
    return { text: `${head}content-length: ${bytes}\r\n\r\n${body}`, encoding: bytes === body.length ? 'latin1' : 'utf8' };
  }

  #lines(headers: Readonly<Record<string, string>>): string {
    let text = this.#headers.get(headers);
    if (text === undefined) this.#headers.set(headers, (text = lines(headers)));
    return text;
  }

  #written({ method, path, headers }: RequestKind): string {
    if (!PATH.test(path)) throw new Error('the path of a request cannot be sent as it is');
    return `${method} ${path} HTTP/1.1\r\n${lines({ host: this.#host, ...headers })}`;
  }
}

function lines(headers: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name) || !VALUE.test(value)) throw new Error(`the header ${JSON.stringify(name)} cannot be sent as it is`);
    text += `${name}: ${value}\r\n`;
  }
  return text;
}
