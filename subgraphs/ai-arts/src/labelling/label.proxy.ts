import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { Transform, type Duplex } from 'node:stream';
import { HutongError, REFUSED, type RequestScope } from '@hutong/common';
import { passedOn, ProxyError, ReverseProxy, type PassedAnswer, type Passage } from '@hutong/common/proxy';
import { filesTooLarge, labelServerUnavailable } from '../errors.js';
import type { CallerAssertions } from './caller.assertion.js';
import type { LabelServer } from './label.server.js';

export interface LabelProxyParts {
  server: LabelServer;
  assertions: CallerAssertions;
  settings: { idleMs: number; bodyBytes: number };
  /** Where the client asks for what stands at the root of the server. */
  path: string;
}

/** It knows callers by their assertions, not by pages; and no caller may tell it another method or path than the one that was looked at here. */
const NOT_FOR_SERVER = new Set(['origin', 'referer', 'x-http-method-override', 'x-http-method', 'x-method-override', 'x-original-url', 'x-rewrite-url']);
/** What would speak for our origin: its cookies and what browsers keep for it, logins, other origins' rights, and how it is reported on. */
const NOT_FROM_SERVER = /^(?:set-cookie2?|www-authenticate|authentication-info|clear-site-data|strict-transport-security|public-key-pins.*|alt-svc|refresh|service-worker-allowed|access-control-.*|cross-origin-.*|nel|report-to|reporting-endpoints|server|x-powered-by|x-hutong-.*)$/;
/** No browser may run on our origin what a stranger uploaded to the label server. */
const HARMLESS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; sandbox",
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'private, no-store',
  'referrer-policy': 'no-referrer',
};

/** Passes requests through to the label server, with a signed assertion of who asks. */
export class LabelProxy {
  readonly #parts: LabelProxyParts;
  readonly #proxy: ReverseProxy;

  constructor(parts: LabelProxyParts) {
    this.#parts = parts;
    this.#proxy = new ReverseProxy({ idleMs: parts.settings.idleMs });
  }

  /**
   * @param rest path and query on the server
   * @throws LABEL_SERVER_UNAVAILABLE, PATH_INVALID, FILES_TOO_LARGE
   */
  async forward(rest: string, request: IncomingMessage, response: ServerResponse, scope: RequestScope): Promise<void> {
    const { bodyBytes } = this.#parts.settings;
    if (Number(request.headers['content-length'] ?? 0) > bodyBytes) throw tooLarge(bodyBytes);
    const passage = await this.#passageOf(rest, request, scope);
    await this.#proxy.forward(request, response, { ...passage, through: atMost(bodyBytes) }).catch((error: unknown) => this.#told(error));
  }

  /** Opens a WebSocket. @throws LABEL_SERVER_UNAVAILABLE, PATH_INVALID */
  async upgrade(rest: string, request: IncomingMessage, socket: Duplex, head: Buffer, scope: RequestScope): Promise<void> {
    await this.#proxy.upgrade(socket, head, await this.#passageOf(rest, request, scope)).catch((error: unknown) => this.#told(error));
  }

  /** Cuts off what is under way. */
  close(): Promise<void> {
    return this.#proxy.close();
  }

  async #passageOf(rest: string, { headers }: IncomingMessage, { caller, requestId, signal }: RequestScope): Promise<Passage> {
    const { server, assertions } = this.#parts;
    const path = server.pathOf(rest);
    const kept = Object.fromEntries(Object.entries(passedOn(headers)).filter(([name]) => !NOT_FOR_SERVER.has(name)));
    const authorization = `Bearer ${await assertions.sign(caller)}`;
    return { origin: server.origin, path, headers: { ...kept, host: server.host, authorization, 'x-request-id': requestId }, signal, change: (answer) => this.#shown(answer, path) };
  }

  /** @throws LABEL_SERVER_UNAVAILABLE when it is our assertion that it refuses */
  #shown({ status, headers }: PassedAnswer, asked: string): PassedAnswer {
    if (status === 401) throw labelServerUnavailable({ problem: 'does not take our word for who asks (it answered 401); an administrator has to look at how it verifies assertions' });
    const kept: IncomingHttpHeaders = { ...Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_FROM_SERVER.test(name) && name !== REFUSED)), ...HARMLESS };
    for (const name of ['location', 'content-location'] as const) {
      const shown = kept[name] === undefined ? undefined : this.#locationOf(kept[name], asked);
      if (shown === undefined) delete kept[name];
      else kept[name] = shown;
    }
    return { status, headers: kept };
  }

  /** On the server: where the client reaches it through us. Elsewhere: as it is, for the client to follow or not; undefined for what is none of HTTP. */
  #locationOf(location: string, asked: string): string | undefined {
    const { server, path } = this.#parts;
    const to = server.locate(location, asked);
    return to && ('rest' in to ? path + to.rest : to.elsewhere);
  }

  #told(error: unknown): never {
    if (!(error instanceof ProxyError)) throw error;
    if (error.cause instanceof HutongError) throw error.cause;
    const { idleMs } = this.#parts.settings;
    throw labelServerUnavailable({ problem: error.tooLate ? `did not answer within ${idleMs / 1_000} s` : 'does not answer, or not as an HTTP server does', cause: error });
  }
}

const tooLarge = (bytes: number): HutongError => filesTooLarge({ name: 'the body', limit: `at most ${bytes} bytes are passed through to the label server (LABEL_SERVER_BODY_BYTES)` });

/** The same bytes; fails as soon as they are too many. */
function atMost(bytes: number): Transform {
  let passed = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      passed += chunk.length;
      if (passed > bytes) done(tooLarge(bytes));
      else done(null, chunk);
    },
  });
}
