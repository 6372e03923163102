import { isBelow } from '@hutong/common/process';
import type { NextFunction, Request, Response } from 'express';
import { send } from './answer.js';
import { callerOf, requestIdOf, requireCaller } from './caller.reader.js';
import type { Contract, Passage } from './contract.js';
import { failureAnswer } from './failure.answer.js';
import { refuseForeignPage } from './foreign-page.guard.js';
import type { GatewayProxy } from './gateway.proxy.js';
import { tellRefusals } from './passed.failure.js';
import type { RestCompatSettings } from './settings.js';

interface FoundPassage {
  contract: Contract;
  passage: Passage;
}

/** Hands on the requests of passages: to what comes next in this process, else to the gateway, whose contracts hand them on there. */
export class PassageRunner {
  readonly #passages: readonly FoundPassage[];
  readonly #settings: RestCompatSettings;
  readonly #gateway: GatewayProxy | undefined;

  constructor(contracts: readonly Contract[], settings: RestCompatSettings, gateway: GatewayProxy | undefined) {
    this.#passages = contracts.flatMap((contract) => (contract.passages ?? []).map((passage) => ({ contract, passage })));
    this.#settings = settings;
    this.#gateway = gateway;
  }

  /** Whether the request was one of a passage, and is being answered. */
  takes(request: Request, response: Response, next: NextFunction): boolean {
    const found = this.#passages.find(({ contract, passage }) => isBelow({ path: contract.prefix + passage.path }, request.url));
    if (!found) return false;
    const { contract, passage } = found;
    const requestId = requestIdOf(request, response);
    const failed = { contract, requestId };
    const { log, ownOrigins } = this.#settings;
    Object.assign(response.locals, { requestId, contract: contract.name, route: `${contract.prefix}${passage.path}/*` });
    try {
      if (request.method !== 'GET' && request.method !== 'HEAD') refuseForeignPage(request, ownOrigins);
      requireCaller(callerOf(request, requestId, true));
    } catch (error) {
      send(response, failureAnswer(error, failed, log), requestId);
      return true;
    }
    request.headers['x-request-id'] = requestId;
    if (this.#gateway) {
      this.#gateway.answer(request, response, failed);
      return true;
    }
    tellRefusals(response, failed, log);
    request.url = passage.passOn + request.url.slice((contract.prefix + passage.path).length);
    next();
    return true;
  }
}
