import { Router, type NextFunction, type Request, type Response } from 'express';
import { send, sendTo, type Answer } from './answer.js';
import { AnswerMemory, questionKey, type RememberedQuestion } from './answer.memory.js';
import { CallerGone } from './body.reader.js';
import { callerOf, requestIdOf, requireCaller } from './caller.reader.js';
import type { Contract, Destination } from './contract.js';
import { withinRequest } from './deadline.js';
import { failureAnswer, type FailedRequest } from './failure.answer.js';
import { failure } from './failure.js';
import { refuseForeignPage } from './foreign-page.guard.js';
import { FormRunner } from './form.runner.js';
import { GatewayProxy } from './gateway.proxy.js';
import type { Graph, GraphCaller } from './graph.js';
import { PassageRunner } from './passage.runner.js';
import { tellRefusals } from './passed.failure.js';
import { RouteIndex, type Endpoint, type Place } from './route.index.js';
import { RouteRunner } from './route.runner.js';
import { defaultSettings, type Log, type RestCompatSettings } from './settings.js';
import { TrustedNetworks } from './trusted.networks.js';

export interface RestCompatOptions {
  graph: Graph;
  contracts: readonly Contract[];
  /** What is left out has its default. */
  settings: Partial<RestCompatSettings> & { log: Log };
}

/** A request that is to be answered here, or further on. */
interface Turn {
  request: Request;
  response: Response;
  next: NextFunction;
}

const isAnswer = (answer: Answer | Destination): answer is Answer => 'bytes' in answer;

/**
 * Serves contracts on top of a graph. Paths that no contract owns go on to the next middleware. Mount it before any body
 * parser. It answers `X-Request-Id` with `response.locals.requestId` when an earlier middleware has set that, and takes the
 * caller's address from `request.ip`, so from the app's `trust proxy`. For those who log or count it leaves `requestId`,
 * `contract`, `route` (the path's template) and `caller` in `response.locals`.
 */
export function createRouter({ graph, contracts, settings: given }: RestCompatOptions): Router {
  const settings = { ...defaultSettings, ...given };
  const index = new RouteIndex(contracts);
  const memory = new AnswerMemory(settings.answerMemoryBytes);
  const runner = new RouteRunner(graph, settings);
  const forms = new FormRunner(runner, new TrustedNetworks(settings.trustedNetworks), settings.bodyLimitBytes);
  const gateway = settings.gatewayUrl === undefined ? undefined : new GatewayProxy(settings.gatewayUrl, settings.log);
  const passages = new PassageRunner(contracts, settings, gateway);

  /** @param question what a success is kept for, undefined when it may not be. */
  async function answerFresh(endpoint: Endpoint, parameters: Place['parameters'], caller: GraphCaller, search: string, question: RememberedQuestion | undefined, { request, response, next }: Turn) {
    const failed: FailedRequest = { contract: endpoint.contract, row: endpoint.row, requestId: caller.requestId };
    try {
      const answer = await withinRequest(response, settings.requestTimeoutMs, (lifetime) =>
        runner.run(endpoint, search, { ...lifetime, request, response, caller, parameters, onInput: (input) => { failed.input = input; } }));
      if (!isAnswer(answer)) return goTo(answer, failed, { request, response, next });
      if (question) memory.set(question, answer);
      send(response, answer, caller.requestId);
    } catch (error) {
      if (!(error instanceof CallerGone)) send(response, failureAnswer(error, failed, settings.log), caller.requestId);
    }
  }

  /** Either an answer that is kept, or undefined and the answer follows. */
  function serve(endpoint: Endpoint, parameters: Place['parameters'], search: string, requestId: string, turn: Turn): Answer | undefined {
    const { row } = endpoint;
    const { request, response } = turn;
    if (row.method !== 'GET') refuseForeignPage(request, settings.ownOrigins);
    const credential = 'credential' in row ? row.credential : 'none';
    const caller = callerOf(request, requestId, credential === 'required');
    if (credential === 'required') requireCaller(caller);
    response.locals['caller'] = caller;
    const question = rememberedQuestion(graph, endpoint, search, caller);
    const kept = question && memory.get(question);
    if (!kept) void answerFresh(endpoint, parameters, caller, search, question, turn);
    return kept;
  }

  /** A form tells only when it is read which row is meant, and may carry the credential. */
  async function answerForm(place: Place, requestId: string, turn: Turn) {
    const { request, response } = turn;
    const failed: FailedRequest = { contract: place.contract, requestId };
    try {
      refuseForeignPage(request, settings.ownOrigins);
      const caller = callerOf(request, requestId, true);
      response.locals['caller'] = caller;
      const answer = await withinRequest(response, settings.requestTimeoutMs, (lifetime) =>
        forms.run(place, { ...lifetime, request, response, caller, parameters: place.parameters, onRow: (row) => { failed.row = row; }, onInput: (input) => { failed.input = input; } }));
      if (isAnswer(answer)) send(response, answer, requestId);
      else goTo(answer, failed, turn);
    } catch (error) {
      if (!(error instanceof CallerGone)) send(response, failureAnswer(error, failed, settings.log), requestId);
    }
  }

  /** Sends the caller elsewhere, or has what comes next answer, in this process or in the gateway's; what is refused there is told in the contract's envelope. */
  function goTo(destination: Destination, asked: FailedRequest, { request, response, next }: Turn): void {
    if (response.destroyed) return;
    if ('redirect' in destination) return sendTo(response, destination.redirect, asked.requestId);
    request.url = destination.passOn;
    request.headers['x-request-id'] = asked.requestId;
    if (gateway) return gateway.answer(request, response, asked);
    tellRefusals(response, asked, settings.log);
    next();
  }

  function handle(place: Place, search: string, turn: Turn): void {
    const { contract, endpoints, parameters } = place;
    const { request, response } = turn;
    const requestId = requestIdOf(request, response);
    const endpoint = endpoints.get(request.method === 'HEAD' ? 'GET' : request.method);
    const path = (endpoint ?? place.commands.values().next().value)?.row.path ?? '/*';
    Object.assign(response.locals, { requestId, contract: contract.name, route: contract.prefix + path });
    if (request.method === 'POST' && place.commands.size > 0) return void answerForm(place, requestId, turn);
    try {
      if (!endpoint) return refuseMethod(place, requestId, request, response);
      const kept = serve(endpoint, parameters, search, requestId, turn);
      if (kept) send(response, kept, requestId);
    } catch (error) {
      send(response, failureAnswer(error, { contract, requestId, ...(endpoint ? { row: endpoint.row } : {}) }, settings.log), requestId);
    }
  }

  const router = Router();
  router.use((request: Request, response: Response, next: NextFunction) => {
    if (passages.takes(request, response, next)) return;
    const { path, search } = target(request.url);
    const place = index.find(path);
    if (place) handle(place, search, { request, response, next });
    else next();
  });
  return router;
}

function rememberedQuestion(graph: Graph, { id, row, parameters }: Endpoint, search: string, caller: GraphCaller): RememberedQuestion | undefined {
  const topic = 'freshWhile' in row ? row.freshWhile : undefined;
  const revision = topic === undefined ? undefined : graph.revision(topic, caller);
  return revision === undefined ? undefined : { key: questionKey(id, parameters.length === 0 ? '' : search, caller), revision };
}

/** Splits what was asked for; a proxy may have sent it in absolute form. */
function target(url: string): { path: string; search: string } {
  const own = url.startsWith('/') ? url : url.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = own.indexOf('?');
  return mark < 0 ? { path: own, search: '' } : { path: own.slice(0, mark), search: own.slice(mark + 1) };
}

/** @throws Failure PATH_NOT_FOUND or METHOD_NOT_ALLOWED; OPTIONS is answered with what the path has */
function refuseMethod({ endpoints, commands }: Place, requestId: string, { method, url }: Request, response: Response): void {
  if (endpoints.size + commands.size === 0) throw failure('PATH_NOT_FOUND', `There is nothing at ${target(url).path.slice(0, 200)}`);
  const methods = [...endpoints.keys(), ...(commands.size > 0 ? ['POST'] : [])];
  const allow = methods.flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])).concat('OPTIONS');
  if (method !== 'OPTIONS') throw failure('METHOD_NOT_ALLOWED', `${method} is not allowed here, only ${allow.join(', ')}`, { allow });
  response.writeHead(204, { allow: allow.join(', '), 'x-request-id': requestId });
  response.end();
}
