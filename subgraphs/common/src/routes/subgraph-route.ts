import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Caller } from '../caller/caller.js';
import type { SubgraphContext } from '../graph/context.js';

/** Where of the gateway a route is: beside the graph, or on the origin of its own where notebooks run strangers' JavaScript. */
export type RouteOrigin = 'api' | 'notebook';

/** That of a gateway on its usual port of this machine. */
export const USUAL_NOTEBOOK_ORIGIN = 'http://127.0.0.1:4010';

/**
 * HTTP beside the schema, for bytes that are not GraphQL. The gateway knows path and subgraph alone: it finds out who asks, as
 * for the graph, and hands the request over, in this process or to the subgraph's own. Credentials, cookies and headers that
 * tell of proxies are taken off before; a request without a credential comes with an anonymous caller, so that a handler must
 * look at the caller, or at a signature in the query string.
 *
 * There is no limit of time, but one that stands still for two minutes, in both directions, is ended.
 */
export interface SubgraphRoute<Services = unknown> {
  /** Begins with `/` and has no `/` at its end; this and everything below it is the route's. No two routes of the platform share one. */
  readonly path: string;
  /** Other methods are answered with 405. */
  readonly methods: readonly string[];
  readonly origin: RouteOrigin;
  /** Name of the cookie with a session of {@link RouteSessions}, which counts as the credential that it was begun with. Empty: none does. */
  readonly sessionCookie?: string;
  /**
   * Answers a request; its URL is as the client sent it. May reject: with an error of the catalogue, which is told with its status,
   * or anything else, which is logged and told as an internal error. Reads the body itself, or leaves it.
   */
  handle(request: IncomingMessage, response: ServerResponse, scope: SubgraphContext<Services>): Promise<void> | void;
  /** Takes a WebSocket; what it rejects with is told likewise. Without it an upgrade is answered with 404. The socket is closed when the caller's credential ends. */
  upgrade?(request: IncomingMessage, socket: Duplex, head: Buffer, scope: SubgraphContext<Services>): Promise<void> | void;
}

/** Who asks, for the answer of a route. */
export interface RouteCall {
  caller: Caller;
  requestId: string;
}

/** The routes of one subgraph, in this process or in another. Both take care of every failure themselves. */
export interface RouteTarget {
  handle(request: IncomingMessage, response: ServerResponse, call: RouteCall): void;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, call: RouteCall): void;
}

/** Whoever reads a path with these may take it for another one. */
const AMBIGUOUS = /(?:^|\/)(?:\.|%2e){1,2}(?:\/|$)|\\|\/\//i;

/** Whether a URL, as it was sent, is the route's. */
export function isBelow({ path }: Pick<SubgraphRoute, 'path'>, url: string): boolean {
  const [asked = ''] = url.split('?', 1);
  return (asked === path || asked.startsWith(`${path}/`)) && !AMBIGUOUS.test(asked);
}
