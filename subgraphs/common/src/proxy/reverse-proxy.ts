import { STATUS_CODES, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http';
import { PassThrough, type Duplex, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Agent, errors } from 'undici';
import { passedBack } from '../routes/route-headers.js';
import { askForUpgrade } from './asked-upgrade.js';
import { joinSockets } from './joined-sockets.js';

export { passedOn } from '../routes/route-headers.js';

/** What is behind the proxy did not answer, or not as it should; nothing has been sent to who asked. */
export class ProxyError extends Error {
  override readonly name = 'ProxyError';

  /** @param tooLate whether it took too long */
  constructor(message: string, readonly tooLate = false, cause?: unknown) {
    super(message, { cause });
  }
}

/** An answer as it is passed back. */
export interface PassedAnswer {
  status: number;
  headers: IncomingHttpHeaders;
  /** What its body is to go through. */
  through?: Transform;
}

export interface Passage {
  /** Where to, for example `http://10.0.0.7:4005`. */
  origin: string;
  /** Path and query, sent as they are. */
  path: string;
  /** All that are sent; those of the sender that may go on are `passedOn(request.headers)`. */
  headers: IncomingHttpHeaders;
  /** What the sender's body is to go through. */
  through?: Transform;
  /** Aborted when who asked has gone. */
  signal: AbortSignal;
  /** Looks at an answer as it came, and may change it; what belongs to one connection only is taken off afterwards. @throws ProxyError to refuse it */
  change?: (answer: PassedAnswer) => PassedAnswer;
}

export interface ReverseProxyOptions {
  /** How long what is behind may take until it begins to answer, and pause while it does. */
  idleMs: number;
}

const CONNECT_MS = 3_000;
const KEEP_ALIVE_MS = 30_000;
const WEBSOCKET_HEADER = /^(?:sec-websocket-.*|upgrade|connection)$/;

const unchanged = (answer: PassedAnswer): PassedAnswer => answer;

/** Hands requests and WebSockets on to servers behind it, both ways as they come, at the pace of whoever is slower. */
export class ReverseProxy {
  readonly #agent: Agent;
  readonly #idleMs: number;

  constructor({ idleMs }: ReverseProxyOptions) {
    this.#idleMs = idleMs;
    this.#agent = new Agent({ connect: { timeout: CONNECT_MS }, keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: idleMs, bodyTimeout: idleMs });
  }

  /**
   * Resolves when the answer has gone out, or was cut off because one of the two has gone.
   *
   * @throws ProxyError while nothing has been sent, or the reason of the signal
   */
  async forward(request: IncomingMessage, response: ServerResponse, { origin, path, headers, through, signal, change = unchanged }: Passage): Promise<void> {
    signal.throwIfAborted();
    // What is behind may answer before it has read the body: a stream of our own is thrown away then, and not the sender's.
    const body = hasBody(request) ? request.pipe(through ?? new PassThrough()) : null;
    const asked = { origin, path, method: request.method as 'GET', headers, body, signal };
    const answer = await this.#agent.request(asked).catch((error: unknown) => {
      signal.throwIfAborted();
      throw proxyError(error);
    });
    answer.body.on('error', () => undefined);
    let passed: PassedAnswer;
    try {
      passed = change({ status: answer.statusCode, headers: answer.headers });
      response.writeHead(passed.status, passedBack(passed.headers) as OutgoingHttpHeaders);
    } catch (error) {
      answer.body.destroy();
      throw error;
    }
    response.flushHeaders();
    await pipeline([answer.body, ...(passed.through ? [passed.through] : []), response]).catch(() => response.destroy());
  }

  /**
   * Opens a WebSocket, or passes back how it was refused. Resolves when both ends are joined, or the refusal is on its way.
   *
   * @throws ProxyError while nothing has been sent, or the reason of the signal
   */
  async upgrade(socket: Duplex, head: Buffer, { origin, path, headers, signal, change = unchanged }: Passage): Promise<void> {
    signal.throwIfAborted();
    const { answer, upgraded } = await askForUpgrade({ origin, path, headers, idleMs: this.#idleMs }, signal).catch((error: unknown) => {
      signal.throwIfAborted();
      throw proxyError(error);
    });
    try {
      const { status, headers: answered, through } = change({ status: answer.statusCode!, headers: answer.headers });
      if (!upgraded) {
        socket.write(headOf(status, { ...passedBack(answered), connection: 'close' }));
        return void pipeline([answer, ...(through ? [through] : []), socket]).catch(() => socket.destroy());
      }
      socket.write(headOf(status, Object.fromEntries(Object.entries(answered).filter(([name]) => WEBSOCKET_HEADER.test(name)))));
    } catch (error) {
      answer.destroy();
      upgraded?.socket.destroy();
      throw error;
    }
    if (upgraded.head.length > 0) socket.write(upgraded.head);
    if (head.length > 0) upgraded.socket.write(head);
    joinSockets(socket, upgraded.socket);
  }

  /** Cuts off the requests that are under way; WebSockets end with their sockets. */
  async close(): Promise<void> {
    await this.#agent.destroy();
  }
}

const hasBody = ({ headers }: IncomingMessage): boolean => headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

const proxyError = (error: unknown): ProxyError =>
  new ProxyError((error as Error).message, error instanceof errors.HeadersTimeoutError || (error as Error).name === 'TimeoutError', error);

const headOf = (status: number, headers: IncomingHttpHeaders): string =>
  `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${Object.entries(headers).flatMap(([name, value]) => [value ?? []].flat().map((one) => `${name}: ${one}\r\n`)).join('')}\r\n`;
