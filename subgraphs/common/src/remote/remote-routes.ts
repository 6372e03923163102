import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { subgraphUnavailable } from '../errors/common.errors.js';
import type { HutongError } from '../errors/define-error.js';
import { endBodyDeadline } from '../http/body-deadline.js';
import { REQUEST_ID } from '../http/request-id.js';
import type { Log } from '../log/log.js';
import { passedOn, ProxyError, ReverseProxy, type PassedAnswer, type Passage } from '../proxy/reverse-proxy.js';
import { endWhenIdle, IDLE_MS, REST_MS } from '../routes/local-routes.js';
import { refuseRequest, refuseSocket, shownFailure } from '../routes/refusal.js';
import type { RouteCall, RouteTarget } from '../routes/subgraph-route.js';
import { traceHeaders } from '../telemetry/trace-context.js';
import { discardRest } from '../uploads/discard-rest.js';
import type { CallerTokens } from './caller-token.js';

export interface RemoteRoutesOptions {
  /** The subgraph's name. */
  name: string;
  /** Where it listens. */
  url: string;
  tokens: CallerTokens;
  log: Log;
}

/** By this header a subgraph tells its own answers from those of whatever else listens at its address. */
export const ANSWERED_BY = 'hutong-subgraph';

/** The routes of a subgraph in another process: requests are handed on to it as they come, with a token that says who asks. */
export class RemoteRoutes implements RouteTarget {
  readonly #options: RemoteRoutesOptions;
  readonly #proxy = new ReverseProxy({ idleMs: IDLE_MS });

  constructor(options: RemoteRoutesOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse, call: RouteCall): void {
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the caller has gone')));
    endBodyDeadline(request);
    discardRest(request, response, REST_MS);
    endWhenIdle(request, response);
    this.#proxy.forward(request, response, { ...this.#passageOf(request, call, gone.signal), change: answeredByOne }).catch((error: unknown) => {
      if (!gone.signal.aborted) refuseRequest(request, response, this.#failure(error, call));
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, call: RouteCall): void {
    const gone = new AbortController();
    socket.once('close', () => gone.abort(new Error('the caller has gone')));
    this.#proxy.upgrade(socket, head, this.#passageOf(request, call, gone.signal)).catch((error: unknown) => {
      if (!gone.signal.aborted) refuseSocket(socket, this.#failure(error, call), call.requestId);
    });
  }

  /** Cuts off what is under way. */
  close(): Promise<void> {
    return this.#proxy.close();
  }

  #passageOf({ url: asked = '', headers }: IncomingMessage, call: RouteCall, signal: AbortSignal): Passage {
    const { name, url, tokens } = this.#options;
    const { origin, host, pathname } = new URL(url);
    const { caller, requestId } = call;
    const authorization = `Bearer ${tokens.sign(name, { caller, origin: 'client' })}`;
    return { origin, path: pathname.replace(/\/$/, '') + asked, headers: { ...passedOn(headers), host, authorization, [REQUEST_ID]: requestId, ...traceHeaders().fields }, signal };
  }

  #failure(error: unknown, { requestId }: RouteCall): HutongError {
    const { name, log } = this.#options;
    if (!(error instanceof ProxyError)) return shownFailure(error, requestId, log);
    log.warn({ requestId, err: error }, 'subgraph did not answer');
    return subgraphUnavailable({ subgraph: name, ...(error.tooLate ? { seconds: IDLE_MS / 1_000 } : {}) });
  }
}

/** @throws ProxyError for what no subgraph has answered, or one that did not take our token */
function answeredByOne(answer: PassedAnswer): PassedAnswer {
  if (answer.headers[ANSWERED_BY] === undefined) throw new ProxyError(`it answered with status ${answer.status}, not as a subgraph that takes our token`);
  return answer;
}
