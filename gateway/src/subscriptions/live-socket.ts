import { badInput, HutongError, type Log } from '@hutong/common';
import { slowReaders } from '@hutong/common/telemetry';
import type { WebSocket as ProtocolSocket } from 'graphql-ws';
import type { WebSocket } from 'ws';
import { checkJson } from '../limits/json.check.js';
import { closeCodes, closingOf } from './close-codes.js';

/** What is borne of a socket before its client is given up. */
export interface SocketPatience {
  /** Bytes that wait to be sent. */
  bufferedBytes: number;
  /** Between two pings, and for the answer to one. */
  pingMs: number;
  /** Values in the JSON of one message. */
  values: number;
}

const RESUME = 'SUBSCRIBER_TOO_SLOW: connect again and subscribe with "after"';

/** What graphql-ws makes of a message that its protocol does not have at this place. */
const OUT_OF_PLACE = /^Unexpected message of type /;

/** One client's WebSocket as graphql-ws uses it: nothing piles up behind a client that does not read, or that has gone silently. */
export class LiveSocket {
  readonly #socket: WebSocket;
  readonly #patience: SocketPatience;
  readonly #log: Log;
  #answered = true;
  #closing = false;

  constructor(socket: WebSocket, patience: SocketPatience, log: Log) {
    this.#socket = socket;
    this.#patience = patience;
    this.#log = log;
    socket.on('error', (err) => log.debug({ err }, 'a WebSocket failed'));
    socket.on('pong', () => (this.#answered = true));
    const pings = setInterval(() => this.#ping(), patience.pingMs);
    pings.unref();
    socket.once('close', () => clearInterval(pings));
  }

  /** Bytes that wait to be sent. */
  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  /** The socket's side of graphql-ws. */
  protocol(): ProtocolSocket {
    return {
      protocol: this.#socket.protocol,
      send: (text) => this.#send(text),
      close: (code = closeCodes.internalError, reason = '') => this.close(code, reason),
      onMessage: (take) => {
        this.#socket.on('message', (data: Buffer) => {
          if (!this.#closing) void this.#taken(data, take).catch((failure: unknown) => this.#fail(failure));
        });
      },
    };
  }

  async #taken(data: Buffer, take: (text: string) => Promise<void>): Promise<void> {
    checkJson(data, this.#patience);
    await take(data.toString());
  }

  close(code: number, reason: string): void {
    this.#closing = true;
    this.#socket.close(code, reason);
  }

  terminate(): void {
    this.#socket.terminate();
  }

  /** Resolves when the text has left this process, which holds up the stream that it belongs to. */
  #send(text: string): Promise<void> {
    const socket = this.#socket;
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    if (socket.bufferedAmount > this.#patience.bufferedBytes) {
      // What waits is not read anyway; the close frame would stand behind it.
      slowReaders.tell({ at: 'websocket' });
      this.close(closeCodes.tryAgainLater, RESUME);
      return Promise.resolve();
    }
    return new Promise((resolve) => socket.send(text, () => resolve()));
  }

  #ping(): void {
    if (!this.#answered) return this.terminate();
    this.#answered = false;
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #fail(failure: unknown): void {
    const outOfPlace = failure instanceof Error && OUT_OF_PLACE.test(failure.message);
    const { code, reason } = closingOf(outOfPlace ? badInput({ problem: failure.message }) : failure);
    if (!outOfPlace && !(failure instanceof HutongError)) this.#log.error({ err: failure }, 'a message of a WebSocket could not be handled');
    this.close(code, reason);
  }
}
