import { anonymous, multipartBody, REQUEST_ID, timeAllowed, type CallerTokens, type Log } from '@hutong/common/process';
import { Pool } from 'undici';
import { z } from 'zod';
import type { Graph, GraphAnswer, GraphRequest } from '../engine/graph.js';

export interface GatewayGraphOptions {
  /** Where the gateway listens, for example `http://10.0.0.7:4000`. */
  url: string;
  tokens: CallerTokens;
  log: Log;
}

const AUDIENCE = 'gateway';
const CONNECTIONS = 128;
/** For operations that ask to wait: however many do, others are not kept waiting for a connection. */
const WAITING_CONNECTIONS = 1_024;
const CONNECT_TIMEOUT_MS = 3_000;
/** Less than the gateway's own, so that it never ends a connection that a request is just being sent on. */
const KEEP_ALIVE_MS = 30_000;
const READINESS_TIMEOUT_MS = 5_000;

const answerShape = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string(), path: z.array(z.union([z.string(), z.number()])).optional(), extensions: z.record(z.string(), z.unknown()).optional() })).min(1).optional(),
});
const unavailableShape = z.object({ unavailable: z.array(z.string()) });

const unavailable: GraphAnswer = { data: null, errors: [{ message: 'The gateway does not answer; try again later.', extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] };

/** The graph of a gateway in another process: stored operations over HTTP, each with a token of the platform. */
export class GatewayGraph implements Graph {
  readonly #options: GatewayGraphOptions;
  readonly #pool: Pool;
  readonly #waiting: Pool;
  readonly #path: string;

  constructor(options: GatewayGraphOptions) {
    const { origin, pathname } = new URL(options.url);
    this.#options = options;
    this.#path = pathname.replace(/\/$/, '');
    // The signal of a request ends it when it takes too long.
    const shared = { keepAliveTimeout: KEEP_ALIVE_MS, connect: { timeout: CONNECT_TIMEOUT_MS }, headersTimeout: 0, bodyTimeout: 0 };
    this.#pool = new Pool(origin, { ...shared, connections: CONNECTIONS });
    this.#waiting = new Pool(origin, { ...shared, connections: WAITING_CONNECTIONS });
  }

  async execute({ document, operationName, variables, caller, signal, received }: GraphRequest): Promise<GraphAnswer> {
    const { address, requestId, credential, csrfToken, actsAs = null } = caller;
    const { tokens, log } = this.#options;
    const token = tokens.sign(AUDIENCE, { caller: { ...anonymous, username: actsAs, address }, origin: 'stored' });
    try {
      const pool = timeAllowed(0, document, variables) > 0 ? this.#waiting : this.#pool;
      const operation = { document, operationName, variables, credential, csrfToken };
      const form = received && multipartBody(operation);
      const { statusCode, body } = await pool.request({
        method: 'POST',
        path: `${this.#path}/stored-operations`,
        headers: { 'content-type': form?.contentType ?? 'application/json', authorization: `Bearer ${token}`, [REQUEST_ID]: requestId },
        body: form?.body ?? JSON.stringify(operation),
        signal,
      });
      const text = await body.text();
      if (statusCode === 401) throw new Error('the gateway refused our token: HUTONG_SECRET must be the same in both processes');
      if (statusCode !== 200) throw new Error(`the gateway answered with status ${statusCode}: ${text.slice(0, 200)}`);
      return answerShape.parse(JSON.parse(text));
    } catch (err) {
      signal.throwIfAborted();
      log.error({ requestId, err, operationName }, 'the gateway did not answer');
      return unavailable;
    }
  }

  /** Nothing tells this process of changes, so that no answer is sent again. */
  revision(): undefined {
    return undefined;
  }

  async readiness(): Promise<{ ready: boolean; message: string }> {
    try {
      const { statusCode, body } = await this.#pool.request({ method: 'GET', path: `${this.#path}/readyz`, signal: AbortSignal.timeout(READINESS_TIMEOUT_MS) });
      const text = await body.text();
      if (statusCode === 200) return { ready: true, message: 'ready' };
      return { ready: false, message: `not available: ${unavailableShape.parse(JSON.parse(text)).unavailable.join(', ')}` };
    } catch (err) {
      this.#options.log.warn({ err }, 'the gateway is not ready');
      return { ready: false, message: 'not available: gateway' };
    }
  }

  /** Ends what is still under way. */
  async close(): Promise<void> {
    await Promise.all([this.#pool.destroy(), this.#waiting.destroy()]);
  }
}
