import { headerLines } from '../../http/shared-headers.js';
import type { ClientRequest, RequestKind } from '../http-client.js';

/** A request as it is written to a connection. */
export interface RequestText {
  text: string;
  encoding: 'latin1' | 'utf8';
}

const PATH = /^\/[\x21-\x7e]*$/;

/** Writes requests to one host; what requests of a kind have in common is written once. */
export class RequestTexts {
  readonly #host: string;
  readonly #kinds = new WeakMap<RequestKind, string>();

  /** @param host with the port, where it is not the usual one */
  constructor(host: string) {
    this.#host = host;
  }

  /** @throws Error for a header that would end elsewhere than where it should, and for a body that is no text */
  textOf({ kind, headers, body, bodyBytes }: ClientRequest): RequestText {
    let head = this.#kinds.get(kind);
    if (head === undefined) this.#kinds.set(kind, (head = this.#written(kind)));
    if (headers) for (const { lines } of headers) head += lines;
    if (body === undefined) return { text: `${head}\r\n`, encoding: 'latin1' };
    if (typeof body !== 'string') throw new Error('only texts can be sent');
    const bytes = bodyBytes ?? Buffer.byteLength(body);
    // A text with as many bytes as characters is ASCII, which is written as it is.
    return { text: `${head}content-length: ${bytes}\r\n\r\n${body}`, encoding: bytes === body.length ? 'latin1' : 'utf8' };
  }

  #written({ method, path, headers }: RequestKind): string {
    if (!PATH.test(path)) throw new Error('the path of a request cannot be sent as it is');
    return `${method} ${path} HTTP/1.1\r\n${headerLines({ host: this.#host, ...headers })}`;
  }
}
