import type { Server } from 'node:http';
import type { RequestHandler } from 'express';
import type { LiveOperationsOptions } from './live-operations.js';
import { LiveOperations } from './live-operations.js';
import type { ClientAddress } from '../http/client-address.js';
import type { Identity } from '../identity/identity.js';
import { SseEndpoint } from './sse-endpoint.js';
import { WebsocketEndpoint, type UpgradeTaker } from './websocket-endpoint.js';

export interface LiveGraphOptions extends LiveOperationsOptions {
  identity: Identity;
  addressOf: ClientAddress;
  operationsOfSocket: number;
  initMs: number;
}

/** Subscriptions (and, for clients that have one connection for all, queries and mutations) over WebSocket and SSE. */
export class LiveGraph {
  readonly operations: LiveOperations;
  readonly #options: LiveGraphOptions;
  readonly #sse: SseEndpoint;
  #websocket: WebsocketEndpoint | undefined;

  constructor(options: LiveGraphOptions) {
    this.#options = options;
    this.operations = new LiveOperations(options);
    this.#sse = new SseEndpoint({ operations: this.operations, identity: options.identity, log: options.log });
  }

  /** Answers requests for a stream of server-sent events, and passes on all others. */
  get handler(): RequestHandler {
    return this.#sse.handler;
  }

  /** Takes the WebSockets of a server that listens, but for those that are answered elsewhere. */
  attach(server: Server, elsewhere?: UpgradeTaker): void {
    this.#websocket = new WebsocketEndpoint({ ...this.#options, operations: this.operations });
    this.#websocket.attach(server, elsewhere);
  }

  /** Ends every stream and socket so that its client knows to resume elsewhere. */
  async stop(): Promise<void> {
    this.#sse.stop();
    await this.#websocket?.stop();
  }
}
