import type { ExecutionResult } from 'graphql';
import type { AnswerBudget } from '../graph/answer-budget.js';
import type { ReadResult, SubgraphRequest } from '../graph/connection.js';
import { HutongError } from '../errors/define-error.js';
import { bufferPool } from '../http/buffer-pool.js';
import { REQUEST_ID } from '../http/request-id.js';
import { SharedHeaders, type HeaderFields } from '../http/shared-headers.js';
import { traceHeaders } from '../telemetry/trace-context.js';
import { Cancellation } from '../timing/cancellation.js';
import type { CallerTokens, TokenClaims } from './caller-token.js';
import { BrokenOff, TooLarge, type ClientRequest, type HttpClient, type HttpClientName, type HttpClientOptions, type ReadAnswer, type RequestKind } from './http-client.js';
import { NotHttp } from './lean/answer-head.js';
import { LeanClient } from './lean/lean-client.js';
import { multipartBody, type MultipartBody } from './multipart-body.js';
import { operationBody, type OperationBody } from './operation-body.js';
import { UndiciClient } from './undici-client.js';

/** The way to the subgraph failed, or what came back is no answer of one. */
export class TransportError extends Error {
  override readonly name = 'TransportError';

  /** @param passing whether the same request may succeed in a moment */
  constructor(message: string, readonly passing: boolean, cause?: unknown) {
    super(message, { cause });
  }
}

/** A file of the request failed on its way in: nobody's fault on the way to the subgraph. `cause` is what to tell. */
export class UploadBroken extends Error {
  override readonly name = 'UploadBroken';
  declare readonly cause: HutongError;
}

export interface TransportOptions {
  name: string;
  /** Where the subgraph listens; `/graphql` and `/readyz` are below it. */
  url: string;
  tokens: CallerTokens;
  /** Requests under way at once, beside those that ask to wait; more wait. */
  connections: number;
  client: HttpClientName;
}

/** The header that tells a subgraph how large the whole answer may be. */
export const ANSWER_BYTES = 'hutong-answer-bytes';

const CONNECT_TIMEOUT_MS = 3_000;
const KEEP_ALIVE_MS = 30_000;
/** Requests that ask to wait, at once. */
const WAITING_CONNECTIONS = 1_024;
const LARGEST_ANSWER_BYTES = 64 * 1024 * 1024;
/** Of an answer that is none. */
const SHOWN_BYTES = 200;

/** One subgraph over HTTP: a pool of connections that are kept alive, one try for each call. */
export class SubgraphTransport {
  readonly #usual: HttpClient;
  /** For requests that ask to wait: however many do, others are not kept waiting for a connection. */
  readonly #waiting: HttpClient;
  /** For requests with files. */
  readonly #files: HttpClient;
  readonly #operation: RequestKind;
  readonly #upload: RequestKind;
  readonly #readiness: RequestKind;
  readonly #authorized: (claims: TokenClaims) => SharedHeaders;
  /** The operation as it was asked for last by somebody with a budget. */
  #limited: { bytes: number; kind: RequestKind } | undefined;

  constructor({ url, name, tokens, connections, client }: TransportOptions) {
    const { origin, protocol, pathname } = new URL(url);
    const path = pathname.replace(/\/$/, '');
    this.#authorized = tokens.signer(name, (token) => new SharedHeaders({ authorization: `Bearer ${token}` }));
    const accept = 'application/json';
    this.#operation = { method: 'POST', path: `${path}/graphql`, headers: { 'content-type': 'application/json', accept } };
    this.#upload = { ...this.#operation, headers: { accept } };
    this.#readiness = { method: 'GET', path: `${path}/readyz`, headers: {} };
    const limits = { connectTimeoutMs: CONNECT_TIMEOUT_MS, keepAliveMs: KEEP_ALIVE_MS, largestAnswerBytes: LARGEST_ANSWER_BYTES };
    const clientOf = (options: HttpClientOptions): HttpClient => (client === 'lean' && protocol === 'http:' ? new LeanClient(origin, options) : new UndiciClient(origin, options));
    this.#usual = clientOf({ ...limits, connections });
    this.#waiting = clientOf({ ...limits, connections: WAITING_CONNECTIONS });
    this.#files = new UndiciClient(origin, { ...limits, connections });
  }

  /**
   * @param waits whether the request asks to wait
   * @throws TransportError, UploadBroken, or the reason of the cancellation
   */
  async execute(request: SubgraphRequest, cancellation: Cancellation, waits: boolean, operation: OperationBody | undefined): Promise<SizedResult> {
    const { document: query, operationName, received } = request;
    const form = received && multipartBody({ query, operationName, variables: request.variables });
    const asking = form ? this.#uploading(request, form) : this.#asking(request, operation ?? operationBody(request));
    const { status, body } = await this.#answer(asking, this.#clientFor(asking, waits), cancellation);
    if (status === 401) throw new TransportError('it refused our token: HUTONG_SECRET must be the same everywhere', false);
    // A file that is too large for it is told as the caller is to hear it.
    if (status !== 200 && status !== 413) throw new TransportError(`it answered with status ${status}: ${body.toString('utf8', 0, SHOWN_BYTES)}`, status >= 500);
    const size = body.length;
    const read = request.read?.(body);
    if (read) return { result: read, size };
    const result = resultOf(body);
    bufferPool.giveBack(body);
    return { result, size };
  }

  /** Resolves when the subgraph and its database answer. */
  async ready(): Promise<void> {
    const { status } = await this.#answer({ kind: this.#readiness }, this.#usual, Cancellation.of(AbortSignal.timeout(CONNECT_TIMEOUT_MS)));
    if (status !== 200) throw new TransportError(`it answered /readyz with status ${status}`, true);
  }

  async close(): Promise<void> {
    await Promise.all([this.#usual.close(), this.#waiting.close(), this.#files.close()]);
  }

  #clientFor({ kind }: ClientRequest, waits: boolean): HttpClient {
    if (kind === this.#upload) return this.#files;
    return waits ? this.#waiting : this.#usual;
  }

  #uploading(request: SubgraphRequest, { contentType, body }: MultipartBody): ClientRequest {
    const limit: HeaderFields = request.budget ? { [ANSWER_BYTES]: String(request.budget.bytes) } : {};
    return { kind: this.#upload, headers: [...this.#headersFor(request), new SharedHeaders({ 'content-type': contentType, ...limit })], body };
  }

  /** Of what requests have in common the same objects are given, so that the client looks into them once. */
  #asking(request: SubgraphRequest, { json, bytes }: OperationBody): ClientRequest {
    return { kind: this.#kindFor(request.budget), headers: this.#headersFor(request), body: json, bodyBytes: bytes };
  }

  #headersFor(request: SubgraphRequest): SharedHeaders[] {
    return [this.#authorized(request), naming(request), traceHeaders()];
  }

  #kindFor(budget: AnswerBudget | undefined): RequestKind {
    if (!budget) return this.#operation;
    const { bytes } = budget;
    if (this.#limited?.bytes !== bytes) this.#limited = { bytes, kind: { ...this.#operation, headers: { ...this.#operation.headers, [ANSWER_BYTES]: String(bytes) } } };
    return this.#limited.kind;
  }

  #answer(asking: ClientRequest, client: HttpClient, cancellation: Cancellation): Promise<ReadAnswer> {
    return client.ask(asking, cancellation).catch((error: unknown) => Promise.reject(cancellation.isCancelled ? cancellation.reason : transportError(error)));
  }
}

/** What was asked for last, of whatever subgraph. */
let named: { requestId: string; headers: SharedHeaders } | undefined;

function naming({ requestId }: SubgraphRequest): SharedHeaders {
  if (named?.requestId !== requestId) named = { requestId, headers: new SharedHeaders({ [REQUEST_ID]: requestId }) };
  return named.headers;
}

function transportError(error: unknown): TransportError | UploadBroken {
  if (error instanceof HutongError) return new UploadBroken(error.message, { cause: error });
  if (error instanceof TooLarge) return new TransportError(`it answered more than ${LARGEST_ANSWER_BYTES} bytes`, false);
  if (error instanceof BrokenOff) return new TransportError(`its answer broke off: ${error.message}`, true, error.cause);
  if (error instanceof NotHttp) return new TransportError(`its answer cannot be read: ${error.message}`, true, error);
  return new TransportError(`it cannot be reached: ${(error as Error).message}`, true, error);
}

/** A result, and how many bytes of JSON it was. */
export interface SizedResult {
  result: ReadResult;
  size: number;
}

/** @throws TransportError for what is not the result of an operation */
function resultOf(body: Buffer): ExecutionResult {
  let result: unknown;
  try {
    result = JSON.parse(body.toString());
  } catch (error) {
    throw new TransportError('its answer is not JSON', true, error);
  }
  if (!isResult(result)) throw new TransportError('its answer is not one of GraphQL', true);
  return result;
}

function isResult(result: unknown): result is ExecutionResult {
  if (typeof result !== 'object' || result === null) return false;
  const { data, errors } = result as { data?: unknown; errors?: unknown };
  if (typeof data !== 'object' || Array.isArray(data)) return data === undefined && areErrors(errors);
  return errors === undefined || areErrors(errors);
}

const areErrors = (errors: unknown): boolean =>
  Array.isArray(errors) && errors.length > 0 && errors.every((error) => typeof (error as { message?: unknown } | null)?.message === 'string');
