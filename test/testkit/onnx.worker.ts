import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { OipClient } from '@hutong/ai-arts/drivers/runtime/oip';
import { TOKEN_VARIABLE } from '@hutong/ai-arts/drivers/runtime/onnx/environment';
import { StagedRuntime } from '@hutong/ai-arts/drivers/runtime/onnx/staged.runtime';
import { readPort, readRefusal } from '@hutong/ai-arts/drivers/runtime/onnx/worker.address';
import { argumentsOf, type WorkerOptions } from '@hutong/ai-arts/drivers/runtime/onnx/worker.options';
import type { Tensor } from '@hutong/ai-arts/drivers/runtime';

const TOKEN = 'token-of-the-test';
const NAME = 'net';
const PATIENCE_MS = 50_000;

/** Fails a test that would otherwise hang. */
export const patience = (): AbortSignal => AbortSignal.timeout(PATIENCE_MS);

/** Workers of one test file: staged once, and gone with their files when it is over. */
export class OnnxWorkers implements AsyncDisposable {
  readonly #workers: OnnxWorker[] = [];

  private constructor(
    readonly folder: string,
    private readonly program: string,
  ) {}

  static async open(): Promise<OnnxWorkers> {
    const folder = await mkdtemp(path.join(tmpdir(), 'hutong-worker-'));
    const { program } = await new StagedRuntime(folder).stage();
    return new OnnxWorkers(folder, program);
  }

  /** Starts a worker for a model, which may not come up. */
  async launch(model: Uint8Array, options: Partial<WorkerOptions> = {}): Promise<OnnxWorker> {
    const place = await mkdtemp(path.join(this.folder, 'model-'));
    const file = path.join(place, 'net.onnx');
    await writeFile(file, model);
    return this.launchFile(file, options);
  }

  launchFile(file: string, options: Partial<WorkerOptions> = {}): OnnxWorker {
    const addressFile = path.join(this.folder, `address-${this.#workers.length}.json`);
    const child = spawn(process.execPath, [this.program, ...argumentsOf({ model: file, name: NAME, addressFile, ...options })], { env: { [TOKEN_VARIABLE]: TOKEN }, stdio: ['ignore', 'pipe', 'pipe'] });
    const worker = new OnnxWorker(child, addressFile);
    this.#workers.push(worker);
    return worker;
  }

  /** Starts a worker and waits until it can be asked. */
  async start(model: Uint8Array, options: Partial<WorkerOptions> = {}): Promise<OnnxWorker> {
    const worker = await this.launch(model, options);
    await worker.untilReady();
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.end('SIGKILL')));
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** One worker process. */
export class OnnxWorker {
  /** What it has printed. */
  output = '';
  readonly ended: Promise<{ code: number | null; signal: string | null }>;
  #client: OipClient | undefined;
  #origin = '';

  constructor(
    readonly process: ChildProcess,
    private readonly addressFile: string,
  ) {
    for (const stream of [process.stdout!, process.stderr!]) stream.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.ended = once(process, 'close').then(([code, signal]: unknown[]) => ({ code: code as number | null, signal: signal as string | null }));
  }

  async untilListening(): Promise<void> {
    const port = await this.#until('listen', () => readPort(this.addressFile));
    this.#origin = `http://127.0.0.1:${port}`;
  }

  /** Why it can never serve its model, as whoever has started it is told. */
  refusal(): Promise<string | undefined> {
    return readRefusal(this.addressFile);
  }

  async untilReady(): Promise<void> {
    await this.untilListening();
    await this.#until('be ready', async () => ((await this.fetch('/v2/health/ready')).status === 200 ? true : undefined));
  }

  /** A client with the worker's token. */
  get client(): OipClient {
    return (this.#client ??= new OipClient({ address: this.#origin, model: NAME, token: TOKEN }));
  }

  /** A plain request, with the worker's token unless another header is given. */
  fetch(place: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#origin}${place}`, { ...init, headers: { authorization: `Bearer ${TOKEN}`, ...init.headers }, signal: patience() });
  }

  /** An inference request in JSON. */
  post(body: unknown, headers: Record<string, string> = {}): Promise<Response> {
    return this.fetch(`/v2/models/${NAME}/infer`, { method: 'POST', body: typeof body === 'string' || body instanceof Uint8Array ? (body as string) : JSON.stringify(body), headers });
  }

  async #until<Value>(what: string, look: () => Promise<Value | undefined>): Promise<Value> {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await delay(20)) {
      if (this.process.exitCode !== null) throw new Error(`the worker has ended with exit code ${this.process.exitCode} and did not ${what}: ${this.output}`);
      const found = await look().catch(() => undefined);
      if (found !== undefined) return found;
    }
    throw new Error(`the worker did not ${what}: ${this.output}`);
  }

  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<{ code: number | null; signal: string | null }> {
    await this.#client?.close();
    this.process.kill(signal);
    return this.ended;
  }
}

/** A tensor of 32-bit floats. */
export const floats = (name: string, shape: number[], values: readonly number[]): Tensor => ({ name, datatype: 'FP32', shape, data: Float32Array.from(values) });
