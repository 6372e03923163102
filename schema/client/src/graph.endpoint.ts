import { HutongError, type GraphError } from './hutong.error.js';

/** A result as GraphQL has it. */
export interface GraphResult {
  data?: unknown;
  errors?: readonly GraphError[];
}

interface GraphRequest {
  headers: Record<string, string>;
  body: string | FormData;
  /** Aborts what is under way; what it was aborted with is thrown. */
  signal: AbortSignal;
  /** How long the answer may take; for a stream, its beginning. */
  limitMs: number;
}

/** A proxy's ways to say that nothing answers behind it. */
const NOBODY_BEHIND: ReadonlySet<number> = new Set([502, 503, 504]);

/** `/graphql` of a platform, as HTTP has it. */
export class GraphEndpoint {
  constructor(
    /** Where the platform is, without a slash at the end. */
    readonly url: string,
    readonly fetch: typeof globalThis.fetch,
  ) {}

  /** @throws HutongError, also for a result without data; what the signal was aborted with */
  async ask(request: GraphRequest): Promise<unknown> {
    return this.#timed(request, async (limited) => {
      const response = await this.#post({ ...request, headers: { accept: 'application/graphql-response+json, application/json', ...request.headers } }, limited);
      return dataOf(await this.#resultOf(response), detailsOf(response));
    });
  }

  /**
   * Opens a stream of events, whose bytes come until the signal is aborted.
   *
   * @throws HutongError; what the signal was aborted with
   */
  async stream(request: GraphRequest): Promise<{ body: ReadableStream<Uint8Array>; requestId: string | undefined }> {
    return this.#timed(request, async (limited) => {
      const response = await this.#post({ ...request, headers: { accept: 'text/event-stream', ...request.headers } }, limited);
      const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') === true;
      if (isStream && response.body !== null) return { body: response.body, requestId: detailsOf(response).requestId };
      dataOf(await this.#resultOf(response), detailsOf(response));
      throw this.#stranger(response);
    });
  }

  /** The time is over when the work is: a stream goes on. */
  async #timed<Value>({ signal, limitMs }: GraphRequest, work: (limited: AbortSignal) => Promise<Value>): Promise<Value> {
    signal.throwIfAborted();
    const late = new HutongError('NO_ANSWER_IN_TIME', `No answer from ${this.url} within ${limitMs / 1_000} s.`);
    const limit = new AbortController();
    const timer = Number.isFinite(limitMs) ? setTimeout(() => limit.abort(late), limitMs) : undefined;
    try {
      return await work(AbortSignal.any([signal, limit.signal]));
    } catch (cause) {
      signal.throwIfAborted();
      limit.signal.throwIfAborted();
      throw cause instanceof HutongError ? cause : new HutongError('UNREACHABLE', `Nothing answers at ${this.url}.`, { cause });
    } finally {
      clearTimeout(timer);
    }
  }

  #post({ headers, body }: GraphRequest, signal: AbortSignal): Promise<Response> {
    // No cookie ever counts there, and none is to be sent along.
    return this.fetch(`${this.url}/graphql`, { method: 'POST', headers, body, signal, credentials: 'omit' });
  }

  async #resultOf(response: Response): Promise<GraphResult> {
    const text = await response.text();
    try {
      const result = JSON.parse(text) as GraphResult | null;
      if (typeof result === 'object' && result !== null && ('data' in result || Array.isArray(result.errors))) return result;
    } catch {
      // Told below, like any other answer that is none of a graph.
    }
    throw this.#stranger(response);
  }

  #stranger({ status }: Response): HutongError {
    if (NOBODY_BEHIND.has(status)) return new HutongError('UNREACHABLE', `A proxy answers for ${this.url} that nothing is there (HTTP ${status}).`, { status });
    return new HutongError('NOT_A_PLATFORM', `What answers at ${this.url} is no Hutong (HTTP ${status} for /graphql).`, { status });
  }
}

function detailsOf({ status, headers }: Response): { status: number; requestId: string | undefined } {
  return { status, requestId: headers.get('x-request-id') ?? undefined };
}

/**
 * The data of a result.
 *
 * @throws HutongError when it tells of an error, with the data that came all the same
 */
export function dataOf({ data, errors = [] }: GraphResult, details: { status?: number; requestId: string | undefined }): unknown {
  if (errors.length > 0) throw HutongError.of(errors, { ...details, data: data ?? undefined });
  return data;
}
