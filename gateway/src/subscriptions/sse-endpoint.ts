import { once } from 'node:events';
import { errorCatalogue, HutongError, internalError, unauthenticated, type Log } from '@hutong/common';
import { slowReaders } from '@hutong/common/telemetry';
import type { Request, RequestHandler, Response } from 'express';
import { GraphQLError, type FormattedExecutionResult } from 'graphql';
import { graphError } from '../federation/subgraph.errors.js';
import { refuse } from '../http/failure.js';
import { EVENT_STREAM, prefersEvents } from '../http/media-types.js';
import type { Identity } from '../identity/identity.js';
import { requestCredential } from '../identity/request-credential.js';
import type { LiveOperations, LiveRequest } from './live-operations.js';

export interface SseOptions {
  operations: LiveOperations;
  identity: Identity;
  log: Log;
  /** How long a client may take nothing before it counts as gone; 30 s where nothing is said. */
  stallMs?: number;
}

const PING_MS = 12_000;
const STALL_MS = 30_000;

/** `/graphql` as a stream of server-sent events, one operation a request: GraphQL over SSE, distinct connections mode. */
export class SseEndpoint {
  readonly #options: SseOptions;
  /** Ends each open stream. */
  readonly #open = new Set<() => void>();
  #stopping = false;

  constructor(options: SseOptions) {
    this.#options = options;
  }

  /** Takes POSTs with `Accept: text/event-stream`, whose body was read; leaves all others to the next handler. */
  readonly handler: RequestHandler = async (request, response, next) => {
    if (request.method !== 'POST' || !prefersEvents(request)) return next();
    await this.#serve(request, response);
  };

  /** Completes every stream; its client subscribes again with `after`. */
  stop(): void {
    this.#stopping = true;
    for (const end of this.#open) end();
  }

  async #serve(request: Request, response: Response): Promise<void> {
    const { operations, identity } = this.#options;
    const requestId = response.locals.requestId as string;
    const gone = new AbortController();
    const ended = Promise.withResolvers<HutongError | undefined>();
    response.once('close', () => {
      gone.abort(new Error('the caller has gone'));
      ended.resolve(undefined);
    });
    try {
      const onEnd = () => ended.resolve(unauthenticated({ reason: 'The credential has expired or was revoked.' }));
      const session = await identity.sessionOf(requestCredential(request.headers), request.ip ?? '', requestId, onEnd);
      try {
        const { caller, fingerprint } = session;
        response.locals.caller = caller;
        const answer = await operations.run(request.body as LiveRequest, { caller, fingerprint, requestId, transport: 'sse', signal: gone.signal });
        if ('refused' in answer) return refuseOperation(response, answer.refused);
        await this.#send(answer.results, response, ended);
      } finally {
        session.end();
      }
    } catch (error) {
      if (!(error instanceof HutongError)) throw error;
      refuse(request, response, error);
    }
  }

  /** `ended` resolves when the stream is to be completed, with the failure to tell before. */
  async #send(results: AsyncIterableIterator<FormattedExecutionResult>, response: Response, ended: PromiseWithResolvers<HutongError | undefined>): Promise<void> {
    const end = () => ended.resolve(undefined);
    if (this.#stopping) end();
    this.#open.add(end);
    response.status(200).set({ 'content-type': EVENT_STREAM, 'x-accel-buffering': 'no' });
    response.flushHeaders();
    response.write(':\n\n');
    const ping = setInterval(() => response.write(':\n\n'), PING_MS);
    ping.unref();
    try {
      const outcome = await Promise.race([ended.promise, this.#forward(results, response)]);
      if (outcome) await this.#write(response, next({ errors: [graphError(outcome).toJSON()] }));
      response.end('event: complete\ndata:\n\n');
    } finally {
      clearInterval(ping);
      this.#open.delete(end);
      await results.return?.();
    }
  }

  /** Resolves with what the stream failed with, undefined at its end. */
  async #forward(results: AsyncIterableIterator<FormattedExecutionResult>, response: Response): Promise<HutongError | undefined> {
    try {
      for await (const result of results) {
        if (!(await this.#write(response, next(result)))) return undefined;
      }
      return undefined;
    } catch (error) {
      if (error instanceof HutongError) return error;
      const requestId = response.locals.requestId as string;
      this.#options.log.error({ requestId, err: error }, 'a stream failed');
      return internalError({ requestId });
    }
  }

  /** Resolves when more may be written; false: the client is gone, or takes nothing. */
  async #write(response: Response, text: string): Promise<boolean> {
    if (response.destroyed || response.writableEnded) return false;
    if (response.write(text)) return true;
    const waited = new AbortController();
    const signal = AbortSignal.any([waited.signal, AbortSignal.timeout(this.#options.stallMs ?? STALL_MS)]);
    try {
      await Promise.race([once(response, 'drain', { signal }), once(response, 'close', { signal })]);
    } catch {
      slowReaders.tell({ at: 'sse' });
      response.destroy();
    } finally {
      // A long stream waits many times: none of them leaves a listener behind.
      waited.abort();
    }
    return !response.destroyed;
  }
}

const next = (result: FormattedExecutionResult): string => `event: next\ndata: ${JSON.stringify(result)}\n\n`;

/** An operation that never began is answered as a request, with a status. */
function refuseOperation(response: Response, errors: readonly GraphQLError[]): void {
  const status = errorCatalogue().find(({ code }) => code === errors[0]?.extensions.code)?.status ?? 400;
  response.status(status).type('application/json; charset=utf-8').send(JSON.stringify({ errors }));
}
