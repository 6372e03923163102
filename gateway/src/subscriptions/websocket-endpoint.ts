import { randomUUID } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { limitExceeded, unauthenticated, type Log } from '@hutong/common';
import { GraphQLSchema, type ExecutionArgs } from 'graphql';
import { handleProtocols, makeServer, type Server as ProtocolServer } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import { graphError } from '../federation/subgraph.errors.js';
import type { ClientAddress } from '../http/client-address.js';
import type { Identity, Session } from '../identity/identity.js';
import type { Limits } from '../limits/limits.js';
import { sockets } from '../telemetry/activities.js';
import { closeCodes, closingOf } from './close-codes.js';
import { connectionCredential } from './connection-credential.js';
import type { LiveOperations } from './live-operations.js';
import { LiveSocket } from './live-socket.js';

export interface WebsocketEndpointOptions {
  addressOf: ClientAddress;
  operations: LiveOperations;
  identity: Identity;
  limits: Pick<Limits, 'bodyBytes' | 'values' | 'responseBytes'>;
  /** Operations that run at once on one socket. */
  operationsOfSocket: number;
  /** How long a new socket may take to say `connection_init`. */
  initMs: number;
  log: Log;
}

/** Takes an upgrade, or answers false and leaves it alone. */
export type UpgradeTaker = (request: IncomingMessage, socket: Duplex, head: Buffer, address: string) => boolean;

/** What is known of a socket. */
interface Extra {
  /** Of the connection, for log lines. */
  id: string;
  request: IncomingMessage;
  address: string;
  live: LiveSocket;
  /** Aborted when the socket is closed. */
  gone: AbortController;
  session?: Session;
}

const PATH = '/graphql';
const PING_MS = 12_000;
/** Room for answers that wait beside the largest one. */
const SPARE_BYTES = 4 * 1024 * 1024;
const CLOSING_MS = 1_000;
/** The library holds one as long as an operation runs, and hands it only to what executes, which knows its graph. */
const NO_SCHEMA = new GraphQLSchema({});

/**
 * `/graphql` as a WebSocket, by the protocol graphql-transport-ws. Pages of any origin may connect: a credential comes only
 * from the client's own words, never from what a browser adds by itself.
 */
export class WebsocketEndpoint {
  readonly #options: WebsocketEndpointOptions;
  readonly #sockets: WebSocketServer;
  readonly #protocol: ProtocolServer<Extra>;
  readonly #open = new Set<LiveSocket>();
  #stopping = false;

  constructor(options: WebsocketEndpointOptions) {
    this.#options = options;
    this.#sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: options.limits.bodyBytes,
      handleProtocols: (protocols) => handleProtocols(protocols),
    });
    this.#protocol = this.#makeProtocol();
  }

  /** Takes the upgrades of an HTTP server, but for those that are answered elsewhere. */
  attach(server: Server, elsewhere: UpgradeTaker = () => false): void {
    server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on('error', (err) => this.#options.log.debug({ err }, 'a connection failed'));
      const [path] = (request.url ?? '').split('?', 1);
      if (path !== PATH) return elsewhere(request, socket, head, this.#options.addressOf(request)) ? undefined : refuseUpgrade(socket, 404);
      if (this.#stopping) return refuseUpgrade(socket, 503);
      this.#sockets.handleUpgrade(request, socket, head, (opened) => this.#opened(opened, request));
    });
  }

  /** Closes every socket with a code that tells its client to connect again, and resume. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const live of this.#open) live.close(closeCodes.goingAway, 'The server stops: connect again and subscribe with "after"');
    const deadline = Date.now() + CLOSING_MS;
    while (this.#open.size > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
    for (const live of this.#open) live.terminate();
  }

  #opened(socket: WebSocket, request: IncomingMessage): void {
    const { limits, log, addressOf } = this.#options;
    const live = new LiveSocket(socket, { bufferedBytes: limits.responseBytes + SPARE_BYTES, pingMs: PING_MS, values: limits.values }, log);
    const gone = new AbortController();
    const address = addressOf(request);
    const extra: Extra = { id: randomUUID(), request, address, live, gone };
    this.#open.add(live);
    const closed = this.#protocol.opened(live.protocol(), extra);
    const uncount = sockets.begin({ socket: live, id: extra.id, userId: () => extra.session?.caller.userId });
    socket.once('close', (code, reason) => {
      uncount({ result: { code } });
      this.#open.delete(live);
      extra.session?.end();
      gone.abort(new Error('the caller has gone'));
      void Promise.resolve(closed(code, reason.toString())).catch((err: unknown) => log.error({ err }, 'a WebSocket could not be put away'));
    });
  }

  #makeProtocol(): ProtocolServer<Extra> {
    const { initMs, operationsOfSocket, operations } = this.#options;
    return makeServer<Record<string, unknown>, Extra>({
      connectionInitWaitTimeout: initMs,
      onConnect: async ({ connectionParams = {}, extra }) => {
        await this.#beginSession(connectionParams, extra);
      },
      onSubscribe: async ({ subscriptions, extra }, _id, payload) => {
        if (Object.keys(subscriptions).length > operationsOfSocket) {
          return [graphError(limitExceeded({ limit: 'subscriptions', allowed: `${operationsOfSocket} operations at once on a connection` }))];
        }
        const { caller, fingerprint } = extra.session!;
        const answer = await operations.run(payload, { caller, fingerprint, requestId: randomUUID(), transport: 'websocket', signal: extra.gone.signal });
        if ('refused' in answer) return answer.refused;
        const { document, operationName, results } = answer;
        return { schema: NO_SCHEMA, document, operationName: operationName ?? null, contextValue: results };
      },
      execute: ({ contextValue }: ExecutionArgs) => contextValue as AsyncIterableIterator<never>,
      subscribe: ({ contextValue }: ExecutionArgs) => contextValue as AsyncIterableIterator<never>,
      // Results are in the form in which they are shown; the library would look for errors of its own making.
      onNext: (_context, _id, _payload, _args, result) => result,
      onError: (_context, _id, _payload, errors) => errors.map((error) => error.toJSON()),
    });
  }

  /** @throws HutongError which decides the code that the socket is closed with */
  async #beginSession(payload: Record<string, unknown>, extra: Extra): Promise<void> {
    const { request, address, live, gone } = extra;
    const onEnd = (): void => {
      const { code, reason } = closingOf(unauthenticated({ reason: 'the credential has expired or was revoked' }));
      live.close(code, reason);
    };
    const session = await this.#options.identity.sessionOf(connectionCredential(payload, request.headers), address, extra.id, onEnd);
    if (gone.signal.aborted) return session.end();
    extra.session = session;
  }
}

export function refuseUpgrade(socket: Duplex, status: 404 | 503): void {
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
