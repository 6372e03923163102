import { Pool, type Dispatcher } from 'undici';
import type { ExecutionResult } from 'graphql';
import { timeAllowed } from '../graph/asked-wait.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { HutongError } from '../errors/define-error.js';
import { traceHeaders } from '../telemetry/trace-context.js';
import { AnswerReader, BrokenOff, TooLarge, type ReadAnswer } from './answer-reader.js';
import type { CallerTokens, TokenClaims } from './caller-token.js';
import { multipartBody } from './multipart-body.js';
import { operationBody } from './operation-body.js';

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
  readonly #pool: Pool;
  /** For requests that ask to wait: however many do, others are not kept waiting for a connection. */
  readonly #waiting: Pool;
  readonly #path: string;
  readonly #tokenFor: (claims: TokenClaims) => string;

  constructor(options: TransportOptions) {
    const { origin, pathname } = new URL(options.url);
    this.#tokenFor = options.tokens.signer(options.name);
    this.#path = pathname.replace(/\/$/, '');
    // The caller's signal ends a request that takes too long.
    const shared = { keepAliveTimeout: KEEP_ALIVE_MS, connect: { timeout: CONNECT_TIMEOUT_MS }, headersTimeout: 0, bodyTimeout: 0 };
    this.#pool = new Pool(origin, { ...shared, connections: options.connections });
    this.#waiting = new Pool(origin, { ...shared, connections: WAITING_CONNECTIONS });
  }

  /** @throws TransportError, UploadBroken, or the reason of the signal */
  async execute(request: SubgraphRequest, json = operationBody(request)): Promise<SizedResult> {
    const { document, operationName, variables, signal, budget, received, caller, origin, requestId, read } = request;
    const operation = { query: document, operationName, variables };
    const form = received && multipartBody(operation);
    const headers = { 'content-type': form?.contentType ?? 'application/json', accept: 'application/json', authorization: `Bearer ${this.#tokenFor({ caller, origin, requestId })}`, ...(budget && { [ANSWER_BYTES]: String(budget.bytes) }), ...traceHeaders() };
    const pool = timeAllowed(0, document, variables) > 0 ? this.#waiting : this.#pool;
    const { status, body } = await this.#answer({ method: 'POST', path: `${this.#path}/graphql`, headers, body: form?.body ?? json }, pool, signal);
    if (status === 401) throw new TransportError('it refused our token: HUTONG_SECRET must be the same everywhere', false);
    // A file that is too large for it is told as the caller is to hear it.
    if (status !== 200 && status !== 413) throw new TransportError(`it answered with status ${status}: ${body.toString('utf8', 0, SHOWN_BYTES)}`, status >= 500);
    return { result: read?.(body) ?? resultOf(body), size: body.length };
  }

  /** Resolves when the subgraph and its database answer. */
  async ready(): Promise<void> {
    const { status } = await this.#answer({ method: 'GET', path: `${this.#path}/readyz` }, this.#pool, AbortSignal.timeout(CONNECT_TIMEOUT_MS));
    if (status !== 200) throw new TransportError(`it answered /readyz with status ${status}`, true);
  }

  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#waiting.destroy()]);
  }

  async #answer(options: Dispatcher.DispatchOptions, pool: Pool, signal: AbortSignal): Promise<ReadAnswer> {
    signal.throwIfAborted();
    const reader = new AnswerReader(signal, LARGEST_ANSWER_BYTES);
    try {
      pool.dispatch(options, reader);
    } catch (error) {
      reader.fail(error);
    }
    try {
      return await reader.answer;
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof HutongError) throw new UploadBroken(error.message, { cause: error });
      if (error instanceof TooLarge) throw new TransportError(`it answered more than ${LARGEST_ANSWER_BYTES} bytes`, false);
      if (error instanceof BrokenOff) throw new TransportError(`its answer broke off: ${error.message}`, true, error.cause);
      throw new TransportError(`it cannot be reached: ${(error as Error).message}`, true, error);
    }
  }
}

/** A result, and how many bytes of JSON it was. */
export interface SizedResult {
  result: ExecutionResult;
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
