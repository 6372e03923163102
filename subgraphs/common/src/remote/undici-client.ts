import { Pool } from 'undici';
import type { Cancellation } from '../timing/cancellation.js';
import type { HeaderFields } from '../http/shared-headers.js';
import { AnswerReader } from './answer-reader.js';
import type { ClientRequest, HttpClient, HttpClientOptions, ReadAnswer } from './http-client.js';

/** Asks through a pool of undici, any server over HTTP or HTTPS. */
export class UndiciClient implements HttpClient {
  readonly #pool: Pool;
  readonly #largestAnswerBytes: number;

  constructor(origin: string, { connections, connectTimeoutMs, keepAliveMs, largestAnswerBytes }: HttpClientOptions) {
    // The caller ends a request that takes too long.
    this.#pool = new Pool(origin, { connections, keepAliveTimeout: keepAliveMs, connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
    this.#largestAnswerBytes = largestAnswerBytes;
  }

  async ask({ kind: { method, path, headers }, headers: own = [], body }: ClientRequest, cancellation: Cancellation): Promise<ReadAnswer> {
    cancellation.throwIfCancelled();
    const reader = new AnswerReader(cancellation, this.#largestAnswerBytes);
    try {
      this.#pool.dispatch({ method, path, headers: Object.assign({}, headers, ...own.map(({ fields }) => fields)) as HeaderFields, body: body ?? null }, reader);
    } catch (error) {
      reader.fail(error);
    }
    return reader.answer;
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}
