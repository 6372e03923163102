import type { Cancellation } from '../../timing/cancellation.js';
import type { ClientRequest, HttpClient, HttpClientOptions, ReadAnswer } from '../http-client.js';
import { Exchange, type ExchangeHolder } from './exchange.js';
import { LeanConnection, type LeanConnectionOptions } from './lean-connection.js';
import { RequestTexts } from './request-text.js';

const SWEEP_MS = 1_000;
const USUAL_PORT = 80;

/**
 * Asks a server over plain HTTP/1.1 with requests that are texts, at half of what a client for everything costs. A request is sent once,
 * whatever happens to it, and each connection answers one at a time.
 */
export class LeanClient implements HttpClient, ExchangeHolder {
  readonly #most: number;
  readonly #options: LeanConnectionOptions;
  readonly #texts: RequestTexts;
  readonly #connections = new Set<LeanConnection>();
  /** Those used last at the end. */
  readonly #idle: LeanConnection[] = [];
  /** No `Set`, as `SharedQueries` has none. */
  readonly #waiting: Exchange[] = [];
  #isDispatching = false;
  #sweep: NodeJS.Timeout | undefined;
  #isClosed = false;

  /** @param origin such as `http://10.0.0.7:4002` */
  constructor(origin: string, { connections, ...limits }: HttpClientOptions) {
    const { host, hostname, port } = new URL(origin);
    this.#most = connections;
    this.#texts = new RequestTexts(host);
    this.#options = {
      ...limits,
      // An address of IPv6 stands in brackets only in a URL.
      host: hostname.replace(/^\[(.*)\]$/, '$1'),
      port: port === '' ? USUAL_PORT : Number(port),
      onIdle: (connection) => this.#rest(connection),
      onGone: (connection) => this.#forget(connection),
    };
  }

  ask(request: ClientRequest, cancellation: Cancellation): Promise<ReadAnswer> {
    try {
      return this.#begun(request, cancellation).answer;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  givenUp(exchange: Exchange): void {
    this.#waiting.splice(this.#waiting.indexOf(exchange), 1);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearInterval(this.#sweep);
    for (const exchange of this.#waiting.splice(0)) exchange.fail(new Error('the client is closed'));
    await Promise.all([...this.#connections].map((connection) => connection.close(new Error('the client is closed'))));
  }

  #begun(request: ClientRequest, cancellation: Cancellation): Exchange {
    cancellation.throwIfCancelled();
    if (this.#isClosed) throw new Error('the client is closed');
    const exchange = new Exchange(this.#texts.textOf(request), cancellation);
    exchange.holder = this;
    this.#waiting.push(exchange);
    this.#dispatchSoon();
    return exchange;
  }

  /**
   * Not at once: what has come on idle connections by now, their end or bytes that nobody asked for, is heard first, and such a connection
   * is not used again.
   */
  #dispatchSoon(): void {
    if (this.#isDispatching) return;
    this.#isDispatching = true;
    setImmediate(() => {
      this.#isDispatching = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    while (this.#waiting.length > 0) {
      const idle = this.#soundIdle();
      if (!idle && this.#connections.size >= this.#most) return;
      const exchange = this.#waiting.shift()!;
      if (idle) idle.send(exchange);
      else this.#connections.add(new LeanConnection(this.#options, exchange));
    }
  }

  #soundIdle(): LeanConnection | undefined {
    const now = performance.now();
    for (let last = this.#idle.pop(); last; last = this.#idle.pop()) {
      if (last.isSound(now)) return last;
      void last.close();
    }
    return undefined;
  }

  #rest(connection: LeanConnection): void {
    this.#idle.push(connection);
    this.#sweep ??= setInterval(() => this.#closeOld(), SWEEP_MS).unref();
    if (this.#waiting.length > 0) this.#dispatchSoon();
  }

  #closeOld(): void {
    const now = performance.now();
    const old = this.#idle.filter((connection) => !connection.isSound(now));
    for (const connection of old) void connection.close();
    if (this.#idle.length > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }

  #forget(connection: LeanConnection): void {
    this.#connections.delete(connection);
    const place = this.#idle.indexOf(connection);
    if (place !== -1) this.#idle.splice(place, 1);
    if (this.#waiting.length > 0) this.#dispatchSoon();
  }
}
