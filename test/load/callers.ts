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

/** Callers of one gateway, each with a connection of its own that it keeps, on which it waits for one answer before it asks again. */
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
   * All of them ask for so long. Resolves with how many answers came and in how many milliseconds.
   *
   * @param next the number of the next request
   * @throws Error for an answer of another length than the first, as all are of the same
   */
  async askFor(milliseconds: number, next: () => number): Promise<{ answers: number; milliseconds: number }> {
    const start = performance.now();
    let answers = 0;
    let bytes: number | undefined;
    const repeat = async (caller: Caller): Promise<void> => {
      while (performance.now() - start < milliseconds) {
        const { head, body } = await caller.ask(this.#body(next()));
        bytes ??= body.length;
        if (body.length !== bytes || !head.startsWith('HTTP/1.1 200')) throw new Error(`an answer of ${body.length} bytes instead of ${bytes}: ${head.split('\r\n', 1)[0]} ${body.toString().slice(0, 300)}`);
        answers += 1;
      }
    };
    await Promise.all(this.#callers.map(repeat));
    return { answers, milliseconds: performance.now() - start };
  }

  close(): void {
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
    socket.on('close', () => this.#waiting?.reject(new Error(`${url} closed the connection`)));
  }

  static async connect(asking: Asking): Promise<Caller> {
    const { hostname, port } = new URL(asking.url);
    const socket = connect({ host: hostname, port: Number(port), noDelay: true });
    await once(socket, 'connect');
    return new Caller(socket, asking);
  }

  ask(body: string): Promise<HttpMessage> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(`${this.#head}${Buffer.byteLength(body)}\r\n\r\n${body}`);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }
}
