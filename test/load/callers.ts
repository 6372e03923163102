import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { HttpMessages, type HttpMessage } from './http.messages.js';

export interface Asking {
  /** Of the gateway. */
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** The JSON of the request of this number. */
  body(request: number): string;
}

/** How long the last answers may take after nothing more is asked. */
const PATIENCE_MS = 30_000;

/**
 * Callers of one gateway, each with a connection of its own, on which it waits for one answer before it asks again. They are
 * for one turn: a gateway closes connections that are idle for some seconds.
 */
export class Callers {
  readonly #callers: Caller[];
  readonly #body: Asking['body'];

  private constructor(callers: Caller[], body: Asking['body']) {
    this.#callers = callers;
    this.#body = body;
  }

  static async connect(count: number, asking: Asking): Promise<Callers> {
    return new Callers(await Promise.all(Array.from({ length: count }, () => Caller.connect(asking))), asking.body);
  }

  /** The JSON that the request of this number is answered with. */
  async ask(request: number): Promise<string> {
    const { body } = await this.#callers[0]!.ask(this.#body(request));
    return body.toString();
  }

  /**
   * All of them ask until they are told to stop. Resolves with how many answers came, and in how many milliseconds.
   *
   * @param next the number of the next request
   * @param stop aborted when no more is to be asked
   * @throws Error for an answer of another length than the first, as all are of the same, and when answers stay away
   */
  async askUntil(stop: AbortSignal, next: () => number): Promise<{ answers: number; milliseconds: number }> {
    const start = performance.now();
    let answers = 0;
    let bytes: number | undefined;
    const repeat = async (caller: Caller): Promise<void> => {
      while (!stop.aborted) {
        const { head, body } = await caller.ask(this.#body(next()));
        bytes ??= body.length;
        if (body.length !== bytes || !head.startsWith('HTTP/1.1 200')) throw new Error(`an answer of ${body.length} bytes instead of ${bytes}: ${head.split('\r\n', 1)[0]} ${body.toString().slice(0, 300)}`);
        answers += 1;
      }
    };
    const late = Promise.withResolvers<never>();
    let timer: NodeJS.Timeout | undefined;
    const patience = (): void => void (timer = setTimeout(() => late.reject(new Error(`${this.#callers.filter(({ isWaiting }) => isWaiting).length} callers were not answered`)), PATIENCE_MS));
    stop.addEventListener('abort', patience, { once: true });
    try {
      await Promise.race([Promise.all(this.#callers.map(repeat)), late.promise]);
    } finally {
      stop.removeEventListener('abort', patience);
      clearTimeout(timer);
    }
    return { answers, milliseconds: performance.now() - start };
  }

  [Symbol.dispose](): void {
    for (const caller of this.#callers) caller.close();
  }
}

class Caller {
  readonly #socket: Socket;
  readonly #head: string;
  #waiting: PromiseWithResolvers<HttpMessage> | undefined;

  private constructor(socket: Socket, { url, headers = {} }: Asking) {
    const { host, pathname } = new URL(url);
    const lines = Object.entries({ host, 'content-type': 'application/json', accept: 'application/json', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
    this.#head = `POST ${pathname} HTTP/1.1\r\n${lines.join('')}content-length: `;
    this.#socket = socket;
    const messages = new HttpMessages((message) => this.#waiting?.resolve(message));
    socket.on('data', (part: Buffer) => messages.add(part));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#waiting?.reject(new Error(`${url} closed the connection`)));
  }

  static async connect(asking: Asking): Promise<Caller> {
    const { hostname, port } = new URL(asking.url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Caller(socket, asking);
  }

  get isWaiting(): boolean {
    return this.#waiting !== undefined;
  }

  async ask(body: string): Promise<HttpMessage> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    try {
      return await this.#waiting.promise;
    } finally {
      this.#waiting = undefined;
    }
  }

  close(): void {
    this.#socket.destroy();
  }
}
