import { connect, type Socket } from 'node:net';
import { BrokenOff, TooLarge } from '../http-client.js';
import { NotHttp } from './answer-head.js';
import { AnswerParser } from './answer-parser.js';
import type { Exchange, ExchangeHolder } from './exchange.js';

export interface LeanConnectionOptions {
  host: string;
  port: number;
  connectTimeoutMs: number;
  /** How long it may be idle where the server does not say. */
  keepAliveMs: number;
  largestAnswerBytes: number;
  /** It may be used again. */
  onIdle: (connection: LeanConnection) => void;
  /** It is of no use any more. */
  onGone: (connection: LeanConnection) => void;
}

/** How much earlier than the server an idle connection is given up, so that no request meets its end. */
const EARLIER_MS = 2_000;
const LONGEST_IDLE_MS = 600_000;
const READ_BYTES = 65_536;
const PROBE_MS = 60_000;

/** What one read brings is taken in before the next read, of whatever connection, begins. */
const readInto = Buffer.allocUnsafeSlow(READ_BYTES);

/** One connection to a server, and on it one request at a time. After anything that is not as it should be it is closed. */
export class LeanConnection implements ExchangeHolder {
  readonly #options: LeanConnectionOptions;
  readonly #socket: Socket;
  readonly #closed: Promise<void>;
  #exchange: Exchange | undefined;
  #parser: AnswerParser;
  #idleUntil = 0;

  /** Connects, and begins with a request. */
  constructor(options: LeanConnectionOptions, first: Exchange) {
    this.#options = options;
    this.#parser = new AnswerParser(options.largestAnswerBytes);
    const { host, port, connectTimeoutMs } = options;
    this.#socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_MS, onread: { buffer: readInto, callback: (count) => this.#read(count) } });
    const late = setTimeout(() => this.#socket.destroy(new Error(`no connection within ${connectTimeoutMs / 1_000} s`)), connectTimeoutMs);
    this.#socket.once('connect', () => clearTimeout(late));
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('end', () => this.#end());
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    this.#socket.once('close', () => {
      clearTimeout(late);
      this.#fail(new Error('the connection was closed'));
      resolve();
    });
    this.#begin(first);
  }

  /** Sends the next request, when the connection is idle. */
  send(exchange: Exchange): void {
    this.#parser = new AnswerParser(this.#options.largestAnswerBytes);
    this.#socket.ref();
    this.#begin(exchange);
  }

  givenUp(): void {
    this.#exchange = undefined;
    this.#drop();
  }

  /** Whether an idle connection can be relied on. @param now milliseconds, as of `performance.now` */
  isSound(now: number): boolean {
    return !this.#socket.destroyed && this.#socket.readable && this.#socket.writable && now < this.#idleUntil;
  }

  /** Resolves when it is closed. */
  close(error?: Error): Promise<void> {
    this.#fail(error ?? new Error('the connection was given up'));
    return this.#closed;
  }

  #begin(exchange: Exchange): void {
    this.#exchange = exchange;
    exchange.holder = this;
    const { text, encoding } = exchange.taken();
    this.#socket.write(text, encoding);
  }

  #read(count: number): boolean {
    const exchange = this.#exchange;
    if (!exchange) {
      // Nobody has asked for this: it must not be taken for the answer to the next request.
      this.#drop();
      return false;
    }
    try {
      const left = this.#parser.add(readInto.subarray(0, count));
      if (left !== undefined) this.#answered(exchange, left === 0);
    } catch (error) {
      this.#fail(error);
    }
    return !this.#socket.destroyed;
  }

  #end(): void {
    const exchange = this.#exchange;
    if (!exchange) return this.#drop();
    try {
      this.#parser.close();
      this.#answered(exchange, false);
    } catch (error) {
      this.#fail(error);
    }
  }

  #answered(exchange: Exchange, isAlone: boolean): void {
    this.#exchange = undefined;
    const { isKept, keptSeconds } = this.#parser.head!;
    const idleMs = keptSeconds === undefined ? this.#options.keepAliveMs : Math.min(keptSeconds * 1_000 - EARLIER_MS, LONGEST_IDLE_MS);
    // An answer may come before the request has been taken in; the rest of that would be in the way of the next.
    if (isAlone && isKept && idleMs > 0 && this.#socket.writableLength === 0) {
      this.#idleUntil = performance.now() + idleMs;
      this.#socket.unref();
      this.#options.onIdle(this);
    } else this.#drop();
    exchange.end(this.#parser.answer());
  }

  #fail(error: unknown): void {
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#drop();
    if (!exchange) return;
    const isTold = error instanceof NotHttp || error instanceof TooLarge || error instanceof BrokenOff;
    exchange.fail(this.#parser.head && !isTold ? new BrokenOff((error as Error).message, { cause: error }) : error);
  }

  #drop(): void {
    this.#socket.destroy();
    this.#options.onGone(this);
  }
}
