import { endBodyDeadline, passedOn, ProxyError, ReverseProxy } from '@hutong/common/process';
import type { Request, Response } from 'express';
import { send } from './answer.js';
import { failureAnswer, type FailedRequest } from './failure.answer.js';
import { failure } from './failure.js';
import { tellRefusals } from './passed.failure.js';
import type { Log } from './settings.js';

/** How long the gateway may take until it begins to answer, and pause while it does; it ends what stands still sooner. */
const IDLE_MS = 300_000;
/** By these the gateway finds out who asks, as it would have without us. */
const CREDENTIALS = ['authorization', 'x-auth-token', 'token', 'csrfpreventiontoken'];
/** Were held against our own address. */
const OF_PAGES = ['origin', 'referer', 'sec-fetch-site'];

/** Has a gateway in another process answer requests; the bytes go through here, so that clients need to know one address only. */
export class GatewayProxy {
  readonly #url: URL;
  readonly #log: Log;
  readonly #proxy = new ReverseProxy({ idleMs: IDLE_MS });

  /** @param url where the gateway listens */
  constructor(url: string, log: Log) {
    this.#url = new URL(url);
    this.#log = log;
  }

  /** Answers a request with what the gateway has at the request's URL; failures come in the envelope of the request's contract. */
  answer(request: Request, response: Response, failed: FailedRequest): void {
    endBodyDeadline(request);
    tellRefusals(response, failed, this.#log);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the caller has gone')));
    const { origin, host, pathname } = this.#url;
    const headers = { ...passedOn(request.headers), host, 'x-request-id': failed.requestId, 'x-forwarded-for': request.ip };
    for (const name of CREDENTIALS) if (request.headers[name] !== undefined) Object.assign(headers, { [name]: request.headers[name] });
    for (const name of OF_PAGES) delete (headers as Record<string, unknown>)[name];
    this.#proxy.forward(request, response, { origin, path: pathname.replace(/\/$/, '') + request.url, headers, signal: gone.signal }).catch((error: unknown) => {
      if (response.destroyed) return;
      const shown = error instanceof ProxyError ? failure('SUBGRAPH_UNAVAILABLE', 'The gateway is not available at present') : error;
      send(response, failureAnswer(shown, failed, this.#log), failed.requestId);
    });
  }
}
