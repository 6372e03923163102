import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Answer {
  id: number;
  result?: { usedSize?: number; result?: { value?: unknown } };
  error?: { message: string };
}

const ADDRESS = /Debugger listening on (ws:\S+)/;

/** Environment of a process that is to be looked into. */
export const INSPECTED = { NODE_OPTIONS: '--inspect=127.0.0.1:0' };

/** Another process seen through its inspector: what its heap still uses after everything that can be collected was, and what it would answer. */
export class RemoteInspector {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  #calls = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => {
      const answer = JSON.parse(data.toString()) as Answer;
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  /** @param output what the process has printed, started with {@link INSPECTED} */
  static async connect(output: string): Promise<RemoteInspector> {
    const socket = new WebSocket(ADDRESS.exec(output)![1]!);
    await once(socket, 'open');
    return new RemoteInspector(socket);
  }

  /** Megabytes used after a full collection. */
  async usedMb(): Promise<number> {
    // What one collection finalizes is free only after the next.
    for (let times = 0; times < 2; times += 1) await this.#call('HeapProfiler.collectGarbage');
    const { usedSize = Number.NaN } = await this.#call('Runtime.getHeapUsage');
    return usedSize / 1_000_000;
  }

  /** The value of an expression in that process. */
  async evaluate(expression: string): Promise<unknown> {
    const { result } = await this.#call('Runtime.evaluate', { expression, returnByValue: true });
    return result?.value;
  }

  close(): void {
    this.#socket.terminate();
  }

  async #call(method: string, params: Record<string, unknown> = {}): Promise<NonNullable<Answer['result']>> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method, params }));
    const { result, error } = await promise;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
}
