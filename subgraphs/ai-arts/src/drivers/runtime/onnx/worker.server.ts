import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { JSON_LENGTH_HEADER, JSON_TYPE, MessageFault, type EncodedMessage } from '../protocol/tensor.message.js';
import { readInferRequest, type InferRequest } from './infer.request.js';
import { RunFailed } from './model.session.js';
import type { RequestCounters } from './request.counters.js';
import type { RequestQueue } from './request.queue.js';
import { RequestRoom } from './request.room.js';
import type { LoadedModel } from './session.messages.js';
import type { WorkerOptions } from './worker.options.js';

/** A model that can be asked. */
export interface ServedModel {
  model: LoadedModel;
  queue: RequestQueue;
}

interface ServerParts {
  options: Pick<WorkerOptions, 'name' | 'batch' | 'queue' | 'queueBytes' | 'bodyBytes'>;
  token: string;
  counters: RequestCounters;
}

// An import would make all that these modules export, a fetch of its own among it: some 10 MB in each worker.
const { createServer } = process.getBuiltinModule('node:http');
const { createHash, timingSafeEqual } = process.getBuiltinModule('node:crypto');

const VERSION = '1';
const EXTENSIONS = ['binary_tensor_data', 'statistics'];
const MODEL_PATH = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(?:\/(ready|infer|stats))?$/;
/** The whole of a request has to come in that time. */
const REQUEST_MS = 60_000;
/** Longer than clients keep connections that they do not use. */
const KEEP_ALIVE_MS = 75_000;
const CONNECTIONS = 4_096;

/** Answered with this status and an `error` in words, as the protocol has it. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

/** The Open Inference Protocol over HTTP, for one model. */
export class WorkerServer {
  readonly http: Server;
  readonly #token: Buffer;
  readonly #room: RequestRoom;
  #served: ServedModel | undefined;
  readonly #open = new Set<ServerResponse>();
  #isDraining = false;
  #drained: (() => void) | undefined;

  constructor(private readonly parts: ServerParts) {
    this.#token = digest(parts.token);
    this.#room = new RequestRoom(parts.options);
    this.http = createServer({ requestTimeout: REQUEST_MS, keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => void this.#handle(request, response));
    this.http.maxConnections = CONNECTIONS;
  }

  /** From now on it is ready. */
  serve(served: ServedModel): void {
    this.#served = served;
  }

  /** Takes no more requests and resolves when all that are there were answered. */
  async drain(): Promise<void> {
    this.#isDraining = true;
    this.http.close();
    if (this.#open.size > 0) await new Promise<void>((resolve) => (this.#drained = resolve));
    this.http.closeAllConnections();
  }

  #closed(response: ServerResponse): void {
    this.#open.delete(response);
    if (this.#open.size === 0) this.#drained?.();
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.#open.add(response);
    response.on('close', () => this.#closed(response));
    try {
      await this.#route(request, response);
    } catch (error) {
      if (response.destroyed) return;
      if (!(error instanceof Refusal)) console.error(`a request could not be answered: ${(error as Error).message}`);
      const { status, message, headers } = error instanceof Refusal ? error : new Refusal(500, 'the worker failed at the request');
      this.#send(response, status, inJson({ error: message }), headers);
    }
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = (request.url ?? '').split('?')[0]!;
    if (path === '/v2/health/live') return this.#tell(request, response, 200, { live: true });
    if (path === '/v2/health/ready') return this.#tell(request, response, this.#isReady() ? 200 : 503, { ready: this.#isReady() });
    this.#authorise(request);
    if (path === '/v2') return this.#tell(request, response, 200, { name: 'hutong-onnx-worker', version: VERSION, extensions: EXTENSIONS });
    const [, name, version, what] = MODEL_PATH.exec(path) ?? [];
    if (name === undefined) throw new Refusal(404, 'there is no such address in the Open Inference Protocol');
    if (decoded(name) !== this.parts.options.name) throw new Refusal(404, `there is no model ${JSON.stringify(decoded(name))} here; there is ${JSON.stringify(this.parts.options.name)}`);
    if (version !== undefined && version !== VERSION) throw new Refusal(404, `the model has no version ${JSON.stringify(version)}; it has "${VERSION}"`);
    if (what === 'infer') return this.#infer(request, response);
    if (what === 'ready') return this.#tell(request, response, this.#isReady() ? 200 : 503, { name: this.parts.options.name, ready: this.#isReady() });
    if (what === 'stats') return this.#tell(request, response, 200, { model_stats: [this.parts.counters.toJSON(this.parts.options.name, VERSION, this.#served?.queue.length ?? 0)] });
    this.#tell(request, response, 200, this.#metadata());
  }

  #metadata(): object {
    const { model } = this.#whenServed();
    const told = ({ name, datatype, shape }: LoadedModel['inputs'][number]): object => ({ name, datatype, shape: shape.map((size) => (typeof size === 'number' ? size : -1)) });
    return { name: this.parts.options.name, versions: [VERSION], platform: 'onnx_onnxv1', inputs: model.inputs.map(told), outputs: model.outputs.map(told) };
  }

  async #infer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    allow(request, ['POST']);
    const { model, queue } = this.#whenServed();
    if (this.#isDraining) throw new Refusal(503, 'the worker is being stopped', { 'retry-after': '1' });
    using _place = this.#placeFor(request);
    const begun = performance.now();
    const { inputs, answer } = await this.#read(request, model);
    let encoded: EncodedMessage | undefined;
    try {
      encoded = answer(await queue.answer(inputs, goneSignal(response)));
    } catch (error) {
      throw error instanceof RunFailed ? new Refusal(500, `the model failed: ${error.message}`) : error instanceof MessageFault ? new Refusal(400, error.message) : error;
    } finally {
      this.parts.counters.answered(encoded !== undefined, performance.now() - begun);
    }
    this.#send(response, 200, encoded);
  }

  async #read(request: IncomingMessage, model: LoadedModel): Promise<InferRequest> {
    const { bodyBytes, name } = this.parts.options;
    const body = await bodyOf(request, bodyBytes);
    try {
      return readInferRequest(body, request.headers[JSON_LENGTH_HEADER] as string | undefined, model, { model_name: name, model_version: VERSION });
    } catch (error) {
      throw error instanceof MessageFault ? new Refusal(400, error.message) : error;
    }
  }

  #placeFor(request: IncomingMessage): Disposable {
    const { bodyBytes, batch } = this.parts.options;
    if (request.headers['content-encoding'] !== undefined) throw new Refusal(415, 'header content-encoding: the body is taken as it is only');
    const announced = request.headers['content-length'];
    if (announced !== undefined && Number(announced) > bodyBytes) throw tooLarge(bodyBytes);
    const place = this.#room.take(announced === undefined ? bodyBytes : Number(announced));
    if (place) return place;
    this.parts.counters.rejected();
    const seconds = Math.max(1, Math.ceil((this.parts.counters.meanRunMs * this.#room.length) / batch / 1_000));
    throw new Refusal(429, `${this.#room.length} requests are there already, which is the most`, { 'retry-after': String(seconds) });
  }

  #whenServed(): ServedModel {
    if (!this.#served) throw new Refusal(503, 'the model is being loaded', { 'retry-after': '1' });
    return this.#served;
  }

  #isReady(): boolean {
    return this.#served !== undefined && !this.#isDraining;
  }

  #authorise({ headers: { authorization } }: IncomingMessage): void {
    const [, token] = /^Bearer +(\S+)$/i.exec(authorization ?? '') ?? [];
    if (token === undefined || !timingSafeEqual(digest(token), this.#token)) throw new Refusal(401, 'header authorization: expected the token of this worker', { 'www-authenticate': 'Bearer', connection: 'close' });
  }

  #tell(request: IncomingMessage, response: ServerResponse, status: number, content: object): void {
    allow(request, ['GET', 'HEAD']);
    this.#send(response, status, inJson(content));
  }

  #send(response: ServerResponse, status: number, { headers, body }: EncodedMessage, more: Record<string, string> = {}): void {
    if (response.headersSent || response.destroyed) return;
    response.writeHead(status, { ...headers, 'content-length': body.byteLength, ...(this.#isDraining ? { connection: 'close' } : {}), ...more }).end(body);
  }
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

const tooLarge = (most: number): Refusal => new Refusal(413, `the body of a request may have ${most} bytes`, { connection: 'close' });

function allow({ method = '' }: IncomingMessage, methods: readonly string[]): void {
  if (!methods.includes(method)) throw new Refusal(405, `${method} is not for this address`, { allow: methods.join(', ') });
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

const inJson = (content: object): EncodedMessage => ({ headers: { 'content-type': JSON_TYPE }, body: Buffer.from(JSON.stringify(content)) });

async function bodyOf(request: IncomingMessage, most: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // One that is too large still has to hear it.
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength;
    if (bytes > most) throw tooLarge(most);
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes);
}

/** Aborted when nobody waits for the answer any more. */
function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  response.on('close', () => {
    if (!response.writableFinished) gone.abort(new Refusal(499, 'nobody waits for the answer'));
  });
  return gone.signal;
}
