import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { badInput, notFound, timedOut } from '../errors/common.errors.js';
import { HutongError } from '../errors/define-error.js';
import type { SubgraphContext } from '../graph/context.js';
import { endBodyDeadline } from '../http/body-deadline.js';
import type { Log } from '../log/log.js';
import { routeExchanges } from '../telemetry/activities.js';
import { discardRest } from '../uploads/discard-rest.js';
import { refuseRequest, refuseSocket, shownFailure } from './refusal.js';
import { takeOff } from './route-headers.js';
import { isBelow, type RouteCall, type RouteTarget, type SubgraphRoute } from './subgraph-route.js';

export interface LocalRoutesOptions<Services> {
  routes: readonly SubgraphRoute<Services>[];
  /** What a handler gets to work with. */
  scopeOf: (call: RouteCall & { signal: AbortSignal }) => SubgraphContext<Services>;
  subgraph: string;
  log: Log;
}

/** How long neither side may take or give a byte. */
export const IDLE_MS = 120_000;
/** What a sender still sends when it has its answer is taken in for so long. */
export const REST_MS = 30_000;

/** The routes of a subgraph in this process. */
export class LocalRoutes<Services = unknown> implements RouteTarget {
  readonly #options: LocalRoutesOptions<Services>;
  readonly #sockets = new Set<Duplex>();

  constructor(options: LocalRoutesOptions<Services>) {
    this.#options = options;
  }

  /** Whether a URL is one of these routes'. */
  answers(url: string): boolean {
    return this.#options.routes.some((route) => isBelow(route, url));
  }

  handle(request: IncomingMessage, response: ServerResponse, call: RouteCall): void {
    const gone = new AbortController();
    const end = routeExchanges.begin({ subgraph: this.#options.subgraph, requestId: call.requestId, kind: 'http' });
    response.once('close', () => {
      end({ result: { status: response.writableFinished ? response.statusCode : 'aborted' } });
      if (!response.writableFinished) gone.abort(new Error('the caller has gone'));
    });
    this.#answer(request, response, { ...call, signal: gone.signal }).catch((error: unknown) => {
      if (!gone.signal.aborted) refuseRequest(request, response, shownFailure(error, call.requestId, this.#options.log));
    });
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, call: RouteCall): void {
    const gone = new AbortController();
    const end = routeExchanges.begin({ subgraph: this.#options.subgraph, requestId: call.requestId, kind: 'websocket' });
    let status = 101;
    this.#sockets.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      end({ result: { status } });
      gone.abort(new Error('the caller has gone'));
    });
    this.#open(request, socket, head, { ...call, signal: gone.signal }).catch((error: unknown) => {
      if (gone.signal.aborted) return;
      const failure = shownFailure(error, call.requestId, this.#options.log);
      status = failure.status;
      refuseSocket(socket, failure, call.requestId);
    });
  }

  /** Closes every WebSocket, for which a server that stops would wait. */
  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse, call: RouteCall & { signal: AbortSignal }): Promise<void> {
    endBodyDeadline(request);
    discardRest(request, response, REST_MS);
    endWhenIdle(request, response);
    const { methods, handle } = this.#routeOf(request);
    const { method = '' } = request;
    if (!methods.includes(method)) {
      const allowed = methods.join(', ');
      return refuseRequest(request, response, new HutongError('BAD_INPUT', 405, `${method.slice(0, 20)} is not answered here, only ${allowed}`), { allow: allowed });
    }
    takeOff(request);
    await handle(request, response, this.#options.scopeOf(call));
  }

  async #open(request: IncomingMessage, socket: Duplex, head: Buffer, call: RouteCall & { signal: AbortSignal }): Promise<void> {
    const { upgrade } = this.#routeOf(request);
    if (!upgrade) throw notFound({ what: 'A WebSocket at this address' });
    if (!/^websocket$/i.test(request.headers.upgrade ?? '')) throw badInput({ problem: 'Upgrade: expected websocket' });
    takeOff(request);
    Object.assign(request.headers, { connection: 'Upgrade', upgrade: 'websocket' });
    await upgrade(request, socket, head, this.#options.scopeOf(call));
  }

  #routeOf({ url = '' }: IncomingMessage): SubgraphRoute<Services> {
    const route = this.#options.routes.find((of) => isBelow(of, url));
    if (!route) throw notFound({ what: 'This address' });
    return route;
  }
}

/** Ends an exchange that stands still in both directions. */
export function endWhenIdle(request: IncomingMessage, response: ServerResponse, milliseconds = IDLE_MS): void {
  response.setTimeout(milliseconds, () => {
    if (response.headersSent) response.destroy();
    else refuseRequest(request, response, timedOut({ what: 'The request', seconds: milliseconds / 1_000 }), { connection: 'close' });
  });
}
