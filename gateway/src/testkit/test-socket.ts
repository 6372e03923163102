import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';

export interface ProtocolMessage {
  type: string;
  id?: string;
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads payloads of any shape
  payload?: any;
}

const PATIENCE_MS = 20_000;

/** Waits until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await delay(5);
  }
}

/** A WebSocket that speaks the protocol word by word, and remembers all that it was told. */
export class TestSocket {
  readonly messages: ProtocolMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => void this.messages.push(JSON.parse(data.toString()) as ProtocolMessage));
    socket.on('error', () => undefined);
    this.closed = once(socket, 'close').then(([code, reason]) => ({ code: code as number, reason: String(reason) }));
  }

  static async open(url: string, { headers = {}, protocol = 'graphql-transport-ws' }: { headers?: Record<string, string>; protocol?: string } = {}): Promise<TestSocket> {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/graphql`, protocol, { headers });
    const test = new TestSocket(socket);
    await once(socket, 'open');
    return test;
  }

  /** Opened, and greeted with a credential. */
  static async acknowledged(url: string, credential?: string): Promise<TestSocket> {
    const test = await TestSocket.open(url);
    test.send({ type: 'connection_init', ...(credential === undefined ? {} : { payload: { Authorization: `Bearer ${credential}` } }) });
    await test.until(({ type }) => type === 'connection_ack');
    return test;
  }

  send(message: ProtocolMessage | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables: Record<string, unknown> = {}, operationName?: string): void {
    this.send({ id, type: 'subscribe', payload: { query, variables, ...(operationName ? { operationName } : {}) } });
  }

  /** The messages of one operation so far. */
  of(id: string): ProtocolMessage[] {
    return this.messages.filter((message) => message.id === id);
  }

  /** What an operation answered so far. */
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  data(id: string): any[] {
    return this.of(id).flatMap(({ type, payload }) => (type === 'next' ? [payload.data] : []));
  }

  async until(isIt: (message: ProtocolMessage) => boolean): Promise<ProtocolMessage> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const found = this.messages.find(isIt);
      if (found) return found;
      if (Date.now() > deadline) throw new Error(`the message did not come; got ${JSON.stringify(this.messages.slice(-5))}`);
      await delay(5);
    }
  }

  /** Waits for so many results of an operation. */
  async results(id: string, count: number): Promise<ReturnType<TestSocket['data']>> {
    const deadline = Date.now() + PATIENCE_MS;
    while (this.data(id).length < count) {
      if (Date.now() > deadline) throw new Error(`waited for ${count} results of ${id}, got ${JSON.stringify(this.of(id))}`);
      await delay(5);
    }
    return this.data(id);
  }

  end(): void {
    this.socket.terminate();
  }
}
