import cluster, { type Worker } from 'node:cluster';
import { once } from 'node:events';
import type { Log } from '@hutong/common';
import type { FromWorker, ToWorker } from './worker.messages.js';

const FIRST_RESTART_MS = 250;
const LONGEST_RESTART_MS = 30_000;
/** A worker that lived so long has not died of what ended the one before. */
const SOUND_MS = 60_000;
const LONGEST_STOP_MS = 60_000;

type Up = Extract<FromWorker, { hutong: 'up' }>;

export interface KeptWorkerOptions {
  environment: Readonly<Record<string, string>>;
  /** What it says beside that it is up, which it says each time that it is started. */
  onMessage: (message: FromWorker, from: KeptWorker) => void;
  log: Log;
}

/** A worker that is started again when it dies, the later the more often that happens. */
export class KeptWorker {
  readonly #options: KeptWorkerOptions;
  #worker: Worker | undefined;
  #restart: NodeJS.Timeout | undefined;
  #deaths = 0;
  #isUp = false;
  #wasUp = false;
  #stopping = false;

  constructor(options: KeptWorkerOptions) {
    this.#options = options;
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  get pid(): number | undefined {
    return this.#worker?.process.pid;
  }

  /** Resolves with what it says when it is up for the first time. @throws WorkerEnded when it ended before; it is not started again then */
  async start(): Promise<Up> {
    const { promise, resolve, reject } = Promise.withResolvers<Up>();
    this.#fork(resolve, () => reject(new WorkerEnded()));
    return promise;
  }

  tell(message: ToWorker): void {
    if (this.#worker?.isConnected()) this.#worker.send(message);
  }

  /** Lets it end what is under way; one that takes too long is killed. */
  async stop(): Promise<void> {
    this.#end();
    const worker = this.#worker;
    if (!worker || worker.isDead()) return;
    const kill = setTimeout(() => worker.process.kill('SIGKILL'), LONGEST_STOP_MS);
    const ended = once(worker, 'exit');
    this.tell({ hutong: 'stop' });
    await ended;
    clearTimeout(kill);
  }

  /** Ends it at once. */
  kill(): void {
    this.#end();
    this.#worker?.process.kill('SIGKILL');
  }

  #end(): void {
    this.#stopping = true;
    clearTimeout(this.#restart);
  }

  #fork(up: (message: Up) => void, ended: () => void): void {
    const { environment, onMessage } = this.#options;
    const worker = cluster.fork(environment);
    const startedAt = performance.now();
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      if (message.hutong === 'up') {
        this.#isUp = this.#wasUp = true;
        up(message);
      }
      onMessage(message, this);
    });
    worker.once('exit', (code, signal) => {
      this.#isUp = false;
      if (performance.now() - startedAt > SOUND_MS) this.#deaths = 0;
      ended();
      if (!this.#stopping && this.#wasUp) this.#startLater(signal ?? `code ${code}`);
    });
  }

  #startLater(how: string): void {
    const ms = Math.min(FIRST_RESTART_MS * 2 ** this.#deaths++, LONGEST_RESTART_MS);
    this.#options.log.error({ worker: this.pid, how, ms }, 'a worker has ended and is started again');
    this.#restart = setTimeout(() => this.#fork(() => undefined, () => undefined), ms);
  }
}

/** A worker ended while it was started; it has said why. */
export class WorkerEnded extends Error {}
