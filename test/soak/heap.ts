import { once } from 'node:events';
import { WebSocket } from 'ws';

interface Answer {
  id: number;
  result?: { usedSize?: number };
  error?: { message: string };
}

/** The heap of another process, through its inspector: what is still used after everything that can be collected was. */
export class RemoteHeap {
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

  /** @param url the address that the process printed: `ws://127.0.0.1:…` */
  static async connect(url: string): Promise<RemoteHeap> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new RemoteHeap(socket);
  }

  /** Megabytes used after a full collection. */
  async usedMb(): Promise<number> {
    // What one collection finalizes is free only after the next.
    for (let times = 0; times < 2; times += 1) await this.#call('HeapProfiler.collectGarbage');
    const { usedSize = Number.NaN } = await this.#call('Runtime.getHeapUsage');
    return usedSize / 1_000_000;
  }

  close(): void {
    this.#socket.terminate();
  }

  async #call(method: string): Promise<NonNullable<Answer['result']>> {
    const id = ++this.#calls;
    const { promise, resolve } = Promise.withResolvers<Answer>();
    this.#waiting.set(id, resolve);
    this.#socket.send(JSON.stringify({ id, method }));
    const { result, error } = await promise;
    if (error) throw new Error(`${method}: ${error.message}`);
    return result ?? {};
  }
}
