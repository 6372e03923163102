import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HutongError, isUuid, requireAccess, RouteSessions, unauthenticated, type Log, type RequestScope } from '@hutong/common';
import { jobNotFound, jobState, notYours } from '../errors.js';
import { jobIfAny } from '../job/job.reference.js';
import { JobState } from '../job/job.states.js';
import type { JupyterProxy } from './jupyter.proxy.js';
import { basePath, NOTEBOOKS_PATH } from './jupyter.server.js';
import { Notebook } from './notebook.entity.js';
import type { NotebookLinks } from './notebook.links.js';
import { showFailure, wantsPage } from './notebook.page.js';

/** The cookie of a browser's session with one notebook. */
export const NOTEBOOK_COOKIE = 'hutong_notebook';

interface GateParts {
  links: NotebookLinks;
  sessions: RouteSessions;
  proxy: JupyterProxy;
  /** Where browsers reach notebooks. */
  origin: () => string;
  /** Calls back for every state that a job enters, until the function it returns is called. */
  onChange: (heard: (id: string, state: JobState) => void) => () => void;
  log: Log;
}

const PLACE = /^(?<id>[^/]+)(?:\/(?<rest>.*))?$/s;
/** What requests of a limited API token must allow: a kernel runs anything. */
const SCOPE = 'ai-arts:write';
const RESOLVE = 'query ($credentialId: ID!) { resolveCredentialById(credentialId: $credentialId) { userId } }';

/** Lets the owner of a running notebook in, and nobody else: checked for every request and for as long as a WebSocket is open. */
export class NotebookGate {
  readonly #parts: GateParts;
  /** WebSockets by notebook. */
  readonly #open = new Map<string, Set<Duplex>>();
  readonly #stopListening: () => void;

  constructor(parts: GateParts) {
    this.#parts = parts;
    this.#stopListening = parts.onChange((id, state) => {
      if (state !== JobState.RUNNING) for (const socket of this.#open.get(id) ?? []) socket.destroy();
    });
  }

  async handle(request: IncomingMessage, response: ServerResponse, scope: RequestScope): Promise<void> {
    try {
      const { id, rest, search } = placeOf(request);
      if (!isUuid(id)) throw jobNotFound({ id });
      if (rest === undefined) return redirect(response, `${basePath(id)}${search}`);
      if (rest === 'open' && request.method === 'GET') return await this.#begin(response, scope, id, new URLSearchParams(search).get('link'));
      await this.#parts.proxy.forward(await this.#enter(scope, id), request, response, scope.signal);
    } catch (error) {
      if (!(error instanceof HutongError) || !wantsPage(request) || response.headersSent) throw error;
      if (error.cause) this.#parts.log.warn({ requestId: scope.requestId, err: error.cause }, 'a notebook could not be reached');
      showFailure(response, error);
    }
  }

  async upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, scope: RequestScope): Promise<void> {
    const { id } = placeOf(request);
    const notebook = await this.#enter(scope, id);
    const sockets = this.#open.get(id) ?? new Set();
    this.#open.set(id, sockets.add(socket));
    socket.once('close', () => {
      sockets.delete(socket);
      if (sockets.size === 0) this.#open.delete(id);
    });
    await this.#parts.proxy.upgrade(notebook, request, socket, head, scope.signal);
  }

  async stop(): Promise<void> {
    this.#stopListening();
    for (const sockets of this.#open.values()) for (const socket of sockets) socket.destroy();
    await this.#parts.proxy.close();
  }

  /** Begins a browser's session by a link. @throws FORBIDDEN, UNAUTHENTICATED */
  async #begin(response: ServerResponse, scope: RequestScope, id: string, text: string | null): Promise<void> {
    const { links, sessions, origin } = this.#parts;
    const { credentialId, userId } = await links.use(scope.em, id, text ?? undefined);
    const { resolveCredentialById: known } = await scope.peers.call<{ resolveCredentialById: { userId: string } | null }>(scope, { subgraph: 'machines', document: RESOLVE, variables: { credentialId } });
    if (known?.userId !== userId) throw unauthenticated({ reason: 'The credential that this link was asked for with has ended: log in, and ask for a new link.' });
    response.setHeader('set-cookie', sessions.cookie(NOTEBOOK_COOKIE, { credentialId, path: basePath(id) }, origin().startsWith('https:')));
    redirect(response, basePath(id));
  }

  /** @throws UNAUTHENTICATED, FORBIDDEN, JOB_NOT_FOUND, NOT_YOURS, JOB_STATE_CONFLICT */
  async #enter(scope: RequestScope, id: string): Promise<Notebook> {
    const { caller } = scope;
    if (caller.userId === null) throw unauthenticated({ reason: 'This notebook is not open in this browser: ask for a new link (openUrl of the notebook) and follow it.' });
    requireAccess('member', scope, SCOPE);
    const notebook = await jobIfAny(Notebook, scope, id);
    if (!notebook) throw jobNotFound({ id });
    // An administrator, too, stays outside: what another user's notebook shows could do whatever its reader may.
    if (notebook.ownerId !== caller.userId) throw notYours({});
    if (notebook.state !== JobState.RUNNING) throw jobState({ id, state: notebook.state, wanted: 'be opened' });
    return notebook;
  }
}

function placeOf({ url = '' }: IncomingMessage): { id: string; rest: string | undefined; search: string } {
  const [path = '', ...query] = url.split('?');
  const { id = '', rest } = PLACE.exec(path.slice(NOTEBOOKS_PATH.length + 1))?.groups ?? {};
  return { id, rest, search: query.length === 0 ? '' : `?${query.join('?')}` };
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
  response.end();
}
