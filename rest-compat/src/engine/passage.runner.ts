import { endBodyDeadline, isBelow, passedOn, ProxyError, ReverseProxy } from '@hutong/common/process';
import type { NextFunction, Request, Response } from 'express';
import { send } from './answer.js';
import { callerOf, requestIdOf, requireCaller } from './caller.reader.js';
import type { Contract, Passage } from './contract.js';
import { failureAnswer } from './failure.answer.js';
import { failure } from './failure.js';
import { refuseForeignPage } from './foreign-page.guard.js';
import { tellRefusals } from './passed.failure.js';
import type { RestCompatSettings } from './settings.js';

interface FoundPassage {
  contract: Contract;
  passage: Passage;
}

/** How long the gateway may take until it begins to answer, and pause while it does; it ends what stands still sooner. */
const IDLE_MS = 300_000;
/** By these the gateway finds out who asks, as it would have without us. */
const CREDENTIALS = ['authorization', 'x-auth-token', 'token', 'csrfpreventiontoken'];
/** Were held against our own address. */
const OF_PAGES = ['origin', 'referer', 'sec-fetch-site'];

/** Hands on the requests of passages: to what comes next in this process, else to the gateway, whose contracts hand them on there. */
export class PassageRunner {
  readonly #passages: readonly FoundPassage[];
  readonly #settings: RestCompatSettings;
  readonly #proxy = new ReverseProxy({ idleMs: IDLE_MS });

  constructor(contracts: readonly Contract[], settings: RestCompatSettings) {
    this.#passages = contracts.flatMap((contract) => (contract.passages ?? []).map((passage) => ({ contract, passage })));
    this.#settings = settings;
  }

  /** Whether the request was one of a passage, and is being answered. */
  takes(request: Request, response: Response, next: NextFunction): boolean {
    const found = this.#passages.find(({ contract, passage }) => isBelow({ path: contract.prefix + passage.path }, request.url));
    if (!found) return false;
    const { contract, passage } = found;
    const requestId = requestIdOf(request, response);
    const failed = { contract, requestId };
    const { log, ownOrigins, gatewayUrl } = this.#settings;
    Object.assign(response.locals, { requestId, contract: contract.name, route: `${contract.prefix}${passage.path}/*` });
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') refuseForeignPage(request, ownOrigins);
      requireCaller(callerOf(request, requestId, true));
    } catch (error) {
      send(response, failureAnswer(error, failed, log), requestId);
      return true;
    }
    request.headers['x-request-id'] = requestId;
    if (gatewayUrl !== undefined) {
      void this.#toGateway(gatewayUrl, request, response).catch((error: unknown) => {
        if (response.destroyed) return;
        const shown = error instanceof ProxyError ? failure('SUBGRAPH_UNAVAILABLE', 'The gateway is not available at present') : error;
        send(response, failureAnswer(shown, failed, log), requestId);
      });
      return true;
    }
    tellRefusals(response, failed, log);
    request.url = passage.passOn + request.url.slice((contract.prefix + passage.path).length);
    next();
    return true;
  }

  async #toGateway(gatewayUrl: string, request: Request, response: Response): Promise<void> {
    endBodyDeadline(request);
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the caller has gone')));
    const { origin, host, pathname } = new URL(gatewayUrl);
    const headers = { ...passedOn(request.headers), host, 'x-request-id': request.headers['x-request-id'], 'x-forwarded-for': request.ip };
    for (const name of CREDENTIALS) if (request.headers[name] !== undefined) Object.assign(headers, { [name]: request.headers[name] });
    for (const name of OF_PAGES) delete (headers as Record<string, unknown>)[name];
    await this.#proxy.forward(request, response, { origin, path: pathname.replace(/\/$/, '') + request.url, headers, signal: gone.signal });
  }
}
