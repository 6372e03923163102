import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { forbidden, isBelow, refuseRequest, refuseSocket, shownFailure, type Log, type RouteOrigin, type RouteSessions, type RouteTarget, type SubgraphRoute } from '@hutong/common';
import type { RequestHandler } from 'express';
import { identify } from '../http/request-id.js';
import type { Identity, Shown } from '../identity/identity.js';
import { requestCredential } from '../identity/request-credential.js';
import { routeSockets } from '../telemetry/activities.js';

/** What the gateway knows of a route: where it is, and whom to give its requests to. */
export interface MountedRoute extends Pick<SubgraphRoute, 'path' | 'origin' | 'sessionCookie'> {
  readonly subgraph: string;
  readonly target: RouteTarget;
}

export interface SubgraphRoutesOptions {
  routes: readonly MountedRoute[];
  identity: Identity;
  sessions: RouteSessions;
  /** Where browsers reach notebooks. */
  notebookOrigin: () => string;
  /** Called when a request that may have changed something is answered. */
  changed: () => void;
  log: Log;
}

/** Methods that change nothing. */
const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** The HTTP routes of all subgraphs: finds out who asks, and hands over. */
export class SubgraphRoutes {
  readonly #options: SubgraphRoutesOptions;
  readonly #open = new Set<Duplex>();

  constructor(options: SubgraphRoutesOptions) {
    this.#options = options;
  }

  /** Answers the routes of an origin, and leaves other requests to the next handler. */
  handler(origin: RouteOrigin): RequestHandler {
    return async (request, response, next) => {
      const route = this.#routeOf(origin, request.url);
      if (!route) return next();
      const requestId = identify(request, response);
      if (!SAFE.has(request.method)) response.once('prefinish', this.#options.changed);
      Object.assign(response.locals, { contract: route.subgraph, route: `${route.path}/*` });
      try {
        const caller = await this.#options.identity.callerOf(this.#shown(route, request), request.ip ?? '', requestId);
        response.locals.caller = caller;
        route.target.handle(request, response, { caller, requestId });
      } catch (error) {
        refuseRequest(request, response, shownFailure(error, requestId, this.#options.log));
      }
    };
  }

  /** Whether the upgrade of this connection was one for a route of the origin, and is being answered; it is closed when the caller's credential ends. */
  upgrade(origin: RouteOrigin, request: IncomingMessage, socket: Duplex, head: Buffer, address: string): boolean {
    const route = this.#routeOf(origin, request.url ?? '');
    if (!route) return false;
    const requestId = randomUUID();
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    void this.#takeUpgrade(route, request, socket, head, address, requestId).catch((error: unknown) => refuseSocket(socket, shownFailure(error, requestId, this.#options.log), requestId));
    return true;
  }

  /** Closes every WebSocket. */
  stop(): void {
    for (const socket of this.#open) socket.destroy();
  }

  async #takeUpgrade(route: MountedRoute, request: IncomingMessage, socket: Duplex, head: Buffer, address: string, requestId: string): Promise<void> {
    const session = await this.#options.identity.sessionOf(this.#shown(route, request), address, requestId, () => socket.destroy());
    if (socket.destroyed) return session.end();
    const { caller } = session;
    const end = routeSockets.begin({ id: requestId, contract: route.subgraph, route: `${route.path}/*`, userId: caller.userId });
    socket.once('close', () => {
      session.end();
      end();
    });
    route.target.upgrade(request, socket, head, { caller, requestId });
  }

  #routeOf(origin: RouteOrigin, url: string): MountedRoute | undefined {
    return this.#options.routes.find((route) => route.origin === origin && isBelow(route, url));
  }

  /** @throws FORBIDDEN when a page of another origin makes the browser send its session */
  #shown({ sessionCookie }: MountedRoute, { headers, url = '' }: IncomingMessage): Shown {
    const shown = requestCredential(headers);
    if (shown.credential !== undefined || sessionCookie === undefined) return shown;
    const session = this.#options.sessions.read(sessionCookie, headers.cookie, url);
    if (!session) return shown;
    if (headers.origin !== undefined && headers.origin !== this.#options.notebookOrigin()) throw forbidden({ reason: 'Origin: a page of another site may not act in this session' });
    return { credentialId: session.credentialId };
  }
}
