import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { validate, type ExecutionResult, type GraphQLError } from 'graphql';
import { z } from 'zod';
import { AnswerBudget } from '../graph/answer-budget.js';
import type { SubgraphRequest } from '../graph/connection.js';
import type { Log } from '../log/log.js';
import { readSettings } from '../environment/settings.js';
import { badInput, limitExceeded, notFound } from '../errors/common.errors.js';
import { HutongError } from '../errors/define-error.js';
import { endBodyDeadline } from '../http/body-deadline.js';
import { REQUEST_ID, soundRequestId } from '../http/request-id.js';
import { discardRest } from '../uploads/discard-rest.js';
import { uploadLimits, uploadSettings, type UploadLimits } from '../uploads/environment.js';
import { receiveUpload } from '../uploads/upload-receiver.js';
import type { OpenSubgraph } from '../subgraph/open-subgraph.js';
import { subgraphRequests } from '../telemetry/activities.js';
import { refuseSocket } from '../routes/refusal.js';
import { bearerToken, type CallerTokens, type TokenClaims } from './caller-token.js';
import { ParsedDocuments } from '../graph/document-memory.js';
import { ANSWERED_BY } from './remote-routes.js';
import { SubscriptionServer } from './subscription-server.js';
import { ANSWER_BYTES } from './transport.js';

type Served = Pick<OpenSubgraph, 'name' | 'schema' | 'connection'> & Partial<Pick<OpenSubgraph, 'routes'>>;

type Scope = Omit<SubgraphRequest, 'document' | 'operationName' | 'variables'>;

const LARGEST_BODY_BYTES = 64 * 1024 * 1024;
const MULTIPART = /^multipart\/form-data\s*(?:;|$)/i;

const operation = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

/** What an open subgraph answers over HTTP and WebSocket, to whoever has a token for it; to others 401, whatever they ask. */
export class SubgraphEndpoint {
  readonly #subgraph: Served;
  readonly #tokens: CallerTokens;
  readonly #log: Log;
  readonly #uploads: UploadLimits;
  readonly #documents: ParsedDocuments;
  readonly #subscriptions: SubscriptionServer;

  constructor(subgraph: Served, tokens: CallerTokens, log: Log, uploads = uploadLimits(readSettings(uploadSettings, {}))) {
    this.#subgraph = subgraph;
    this.#tokens = tokens;
    this.#log = log;
    this.#uploads = uploads;
    this.#documents = new ParsedDocuments((document) => validate(subgraph.schema, document));
    this.#subscriptions = new SubscriptionServer(subgraph, tokens, this.#documents, log);
  }

  /** @param url what of the URL is below the place where this is mounted */
  handle(request: IncomingMessage, response: ServerResponse, url: string): void {
    const claims = this.#tokens.verify(this.#subgraph.name, bearerToken(request.headers.authorization));
    const isRoute = claims && this.#subgraph.routes?.answers(url);
    if (isRoute) return this.#handleRoute(request, response, url, claims);
    discardRest(request, response, this.#uploads.idleMs);
    if (!claims) return answer(response, 401, refusal('UNAUTHENTICATED', 'This answers other processes of the platform only.'), { 'www-authenticate': 'Bearer', connection: 'close' });
    if (pathOf(url) !== '/graphql') return answer(response, 404, refusal('NOT_FOUND', 'There is nothing here.'));
    if (request.method !== 'POST') return answer(response, 405, refusal('BAD_INPUT', 'Only POST is allowed here.'), { allow: 'POST' });
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableEnded) gone.abort(new Error('the caller has gone'));
    });
    const requestId = requestIdOf(request);
    const { traceparent } = request.headers;
    const details = { subgraph: this.#subgraph.name, requestId, traceparent: typeof traceparent === 'string' ? traceparent : undefined };
    subgraphRequests.run(details, () => this.#execute(request, response, { ...claims, requestId, signal: gone.signal, budget: budgetOf(request) })).then(
      ({ status, result }) => answer(response, status, result),
      (err: unknown) => {
        if (gone.signal.aborted) return;
        if (err instanceof HutongError) return answer(response, err.status, refusal(err.code, err.message));
        this.#log.error({ requestId, err }, 'request to the subgraph failed');
        answer(response, 500, refusal('INTERNAL_SERVER_ERROR', 'Internal error'));
      },
    );
  }

  /** The upgrade of a connection to a WebSocket, for subscriptions or of a route. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, url: string): void {
    const claims = this.#tokens.verify(this.#subgraph.name, bearerToken(request.headers.authorization));
    if (claims && pathOf(url) === '/graphql') this.#subscriptions.upgrade(request, socket, head);
    else if (claims) this.#upgradeRoute(request, socket, head, url, claims);
    else socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\nwww-authenticate: Bearer\r\n\r\n');
  }

  /** Whether the subgraph and its database answer. */
  ready(): Promise<void> {
    return this.#subgraph.connection.ready();
  }

  /** Ends the subscriptions with a code (1001) after which they may be begun again elsewhere, and the WebSockets of routes. */
  stop(): Promise<void> {
    this.#subgraph.routes?.stop();
    return this.#subscriptions.stop();
  }

  #handleRoute(request: IncomingMessage, response: ServerResponse, url: string, { caller }: TokenClaims): void {
    request.url = url;
    response.setHeader(ANSWERED_BY, this.#subgraph.name);
    this.#subgraph.routes?.handle(request, response, { caller, requestId: requestIdOf(request) });
  }

  #upgradeRoute(request: IncomingMessage, socket: Duplex, head: Buffer, url: string, { caller }: TokenClaims): void {
    const requestId = requestIdOf(request);
    request.url = url;
    socket.on('error', (err) => this.#log.debug({ requestId, err }, 'a connection failed'));
    if (this.#subgraph.routes) this.#subgraph.routes.upgrade(request, socket, head, { caller, requestId });
    else refuseSocket(socket, notFound({ what: 'This address' }));
  }

  async #execute(request: IncomingMessage, response: ServerResponse, scope: Scope): Promise<{ status: number; result: ExecutionResult }> {
    const { asked, received } = MULTIPART.test(request.headers['content-type'] ?? '') ? await this.#upload(request, response) : { asked: jsonOf(await bodyOf(request)) };
    const { success, data } = operation.safeParse(asked);
    if (!success) throw badInput({ problem: 'the body must be a JSON object: {"query": "…", "variables": {…}}' });
    const { query, operationName, variables } = data;
    const { faults } = this.#documents.get(query);
    if (faults.length > 0) return { status: 400, result: { errors: faults } };
    const result = await this.#subgraph.connection.execute({ ...scope, document: query, operationName: operationName ?? undefined, variables: variables ?? {}, received });
    return { status: 200, result };
  }

  async #upload(request: IncomingMessage, response: ServerResponse): Promise<{ asked: unknown; received: Promise<void> }> {
    endBodyDeadline(request);
    const { operation, received } = await receiveUpload(request, response, { limits: this.#uploads, fieldBytes: LARGEST_BODY_BYTES });
    return { asked: operation, received };
  }
}

const requestIdOf = ({ headers }: IncomingMessage): string => soundRequestId(headers[REQUEST_ID]);

const pathOf = (url: string): string => url.split('?', 1)[0]!;

/** Undefined for what is no JSON. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An answer that the other process would not take is not made. */
function budgetOf({ headers }: IncomingMessage): AnswerBudget | undefined {
  const bytes = Number(headers[ANSWER_BYTES]);
  return bytes > 0 ? new AnswerBudget(bytes) : undefined;
}

/** @throws LIMIT_EXCEEDED */
async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_BODY_BYTES) throw limitExceeded({ limit: 'body', allowed: `${LARGEST_BODY_BYTES} bytes` });
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const refusal = (code: string, message: string): ExecutionResult => ({ errors: [{ message, extensions: { code } } as unknown as GraphQLError] });

export function answer(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  if (response.headersSent) return;
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', ...headers });
  response.end(JSON.stringify(body));
}
