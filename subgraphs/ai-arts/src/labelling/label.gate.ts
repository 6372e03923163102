import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { requireAccess, type RequestScope } from '@hutong/common';
import { labelServerNotConfigured } from '../errors.js';
import { wantsPage } from '../notebook/notebook.page.js';
import type { LabelProxy } from './label.proxy.js';
import type { LabelServer } from './label.server.js';

/** Where the label server is, below the address of the graph. */
export const ANNOTATIONS = '/ai_arts/annotations';
/** Where the contract has it, which passes on to {@link ANNOTATIONS}; what the label server names is told by this one, as it is there wherever contracts are. */
export const CONTRACT_ANNOTATIONS = '/ai_arts/api/annotations';

export interface ReachedLabelServer {
  server: LabelServer;
  proxy: LabelProxy;
}

const READING = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Sends browsers to the label server, and passes requests of programs through. */
export class LabelGate {
  /** @param reached undefined: there is no label server */
  constructor(private readonly reached: ReachedLabelServer | undefined) {}

  /** @throws UNAUTHENTICATED, FORBIDDEN, LABEL_SERVER_NOT_CONFIGURED, LABEL_SERVER_UNAVAILABLE, PATH_INVALID, FILES_TOO_LARGE */
  async handle(request: IncomingMessage, response: ServerResponse, scope: RequestScope): Promise<void> {
    const { server, proxy } = this.#enter(request, scope);
    const rest = restOf(request);
    if (wantsPage(request)) redirect(response, server.pageOf(rest));
    else await proxy.forward(rest, request, response, scope);
  }

  /** The same for a WebSocket. */
  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, scope: RequestScope): Promise<void> {
    requireAccess('member', scope, 'ai-arts:write');
    await this.#enter(request, scope).proxy.upgrade(restOf(request), request, socket, head, scope);
  }

  #enter({ method = '' }: IncomingMessage, scope: RequestScope): ReachedLabelServer {
    requireAccess('member', scope, READING.has(method) ? 'ai-arts:read' : 'ai-arts:write');
    if (!this.reached) throw labelServerNotConfigured({});
    return this.reached;
  }
}

const restOf = ({ url = '' }: IncomingMessage): string => url.slice(ANNOTATIONS.length);

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location, 'content-length': 0, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  response.end();
}
