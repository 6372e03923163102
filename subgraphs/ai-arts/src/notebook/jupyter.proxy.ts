import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { passedOn, ProxyError, ReverseProxy, type PassedAnswer, type Passage } from '@hutong/common/proxy';
import { notebookUnavailable } from '../errors.js';
import type { JupyterServers, NotebookRun } from './jupyter.server.js';
import { WithoutText } from './without-text.js';

/** A notebook may compute for long before it begins to answer. */
const IDLE_MS = 600_000;

/** Jupyter sees one caller, us: who asks was found out before. It would hold the first two against its own address. */
const NOT_FOR_JUPYTER = new Set(['origin', 'referer', 'accept-encoding']);
/** Its sessions are not those of browsers. */
const NOT_FROM_JUPYTER = new Set(['set-cookie', 'server']);
const READABLE = /^(?:text\/|application\/(?:json|javascript|xml|xhtml\+xml|x-ipynb\+json))/;

/** The way to the Jupyter server of a notebook, on which its token is added to what is asked and taken off whatever is answered. */
export class JupyterProxy {
  readonly #servers: JupyterServers;
  readonly #proxy = new ReverseProxy({ idleMs: IDLE_MS });

  constructor(servers: JupyterServers) {
    this.#servers = servers;
  }

  /** @throws NOTEBOOK_UNAVAILABLE */
  async forward(run: NotebookRun, request: IncomingMessage, response: ServerResponse, signal: AbortSignal): Promise<void> {
    await this.#proxy.forward(request, response, await this.#passageOf(run, request, signal)).catch(told);
  }

  /** @throws NOTEBOOK_UNAVAILABLE */
  async upgrade(run: NotebookRun, request: IncomingMessage, socket: Duplex, head: Buffer, signal: AbortSignal): Promise<void> {
    await this.#proxy.upgrade(socket, head, await this.#passageOf(run, request, signal)).catch(told);
  }

  async close(): Promise<void> {
    await this.#proxy.close();
  }

  async #passageOf(run: NotebookRun, { url = '', headers }: IncomingMessage, signal: AbortSignal): Promise<Passage> {
    const origin = await this.#servers.originOf(run);
    if (origin === undefined) throw notebookUnavailable({ remedy: NOT_ANSWERING });
    const token = this.#servers.tokenOf(run);
    const asked = Object.fromEntries(Object.entries(passedOn(headers)).filter(([name]) => !NOT_FOR_JUPYTER.has(name)));
    return {
      origin,
      path: url,
      headers: { ...asked, host: new URL(origin).host, authorization: `token ${token}` },
      signal,
      change: (answer) => withoutToken(answer, origin, token),
    };
  }
}

const NOT_ANSWERING = 'its Jupyter server does not answer at present; stop the notebook and start it again';

function told(error: unknown): never {
  throw error instanceof ProxyError ? notebookUnavailable({ remedy: NOT_ANSWERING, cause: error }) : error;
}

function withoutToken({ status, headers }: PassedAnswer, origin: string, token: string): PassedAnswer {
  const kept: IncomingHttpHeaders = Object.fromEntries(Object.entries(headers).filter(([name, value]) => !NOT_FROM_JUPYTER.has(name) && !String(value).includes(token)));
  if (kept.location?.startsWith(`${origin}/`)) kept.location = kept.location.slice(origin.length);
  if (!READABLE.test(headers['content-type'] ?? '')) return { status, headers: kept };
  // The body may become shorter.
  delete kept['content-length'];
  return { status, headers: kept, through: new WithoutText(token) };
}
