import { createClient, type Client } from 'graphql-ws';
import type { ExecutionResult } from 'graphql';
import { WebSocket } from 'ws';
import { subgraphUnavailable } from '../errors/common.errors.js';
import { HutongError } from '../errors/define-error.js';
import { EventQueue } from '../events/event-queue.js';
import type { SubgraphRequest } from '../graph/connection.js';
import { anonymous } from '../caller/caller.js';
import type { CallerTokens } from './caller-token.js';
import { ESTABLISHED } from './subscription-protocol.js';

export interface RemoteSubscriptionsOptions {
  name: string;
  url: string;
  tokens: CallerTokens;
}

const KEPT_EVENTS = 1_024;
const PING_MS = 10_000;
const PONG_MS = 5_000;

/** All subscriptions to one subgraph over one WebSocket (graphql-transport-ws); each has the token of its own caller. */
export class RemoteSubscriptions {
  readonly #options: RemoteSubscriptionsOptions;
  readonly #client: Client;

  constructor(options: RemoteSubscriptionsOptions) {
    this.#options = options;
    const { name, url, tokens } = options;
    const token = () => tokens.sign(name, { caller: anonymous, origin: 'peer' });
    let silent: NodeJS.Timeout | undefined;
    let socket: WebSocket | undefined;
    this.#client = createClient({
      url: `${url.replace(/^http/, 'ws').replace(/\/$/, '')}/graphql`,
      webSocketImpl: class extends WebSocket {
        constructor(address: string, protocols: string) {
          super(address, protocols, { headers: { authorization: `Bearer ${token()}` }, handshakeTimeout: PONG_MS });
        }
      },
      lazy: true,
      retryAttempts: 0,
      keepAlive: PING_MS,
      on: {
        opened: (opened) => (socket = opened as WebSocket),
        ping: (received) => {
          // A peer that vanished without a word answers no ping.
          if (!received) silent = setTimeout(() => socket?.terminate(), PONG_MS);
        },
        pong: (received) => received && clearTimeout(silent),
        closed: () => clearTimeout(silent),
        error: () => undefined,
      },
      onNonLazyError: () => undefined,
    });
  }

  /** Resolves once the subgraph listens for events, or with the result that it refused with. */
  async subscribe({ document, operationName, variables, requestId, signal, budget, ...claims }: SubgraphRequest): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
    signal.throwIfAborted();
    const { name, tokens } = this.#options;
    const answered = Promise.withResolvers<AsyncIterableIterator<ExecutionResult> | ExecutionResult>();
    const end = { now: (): void => undefined };
    let established = false;
    const aborted = (): void => {
      answered.reject(signal.reason);
      void events.return();
    };
    const events = new EventQueue<ExecutionResult>(KEPT_EVENTS, () => {
      signal.removeEventListener('abort', aborted);
      end.now();
    });
    const fail = (failure: Error): void => {
      answered.reject(failure);
      events.fail(failure);
    };
    const take = (result: ExecutionResult): void => {
      if (!established && result.extensions?.[ESTABLISHED] === true) {
        established = true;
        answered.resolve(events);
      } else if (!established) answered.resolve(result);
      else if (!events.push(result)) fail(subgraphUnavailable({ subgraph: name, cause: new Error(`more than ${KEPT_EVENTS} events wait to be read`) }));
    };
    signal.addEventListener('abort', aborted, { once: true });
    end.now = this.#client.subscribe(
      { query: document, operationName, variables, extensions: { token: tokens.sign(name, claims), requestId, answerBytes: budget?.bytes } },
      {
        next: (result) => take(result as ExecutionResult),
        error: (error) => {
          if (!isFaultList(error)) fail(subgraphUnavailable({ subgraph: name, cause: error }));
          else if (established) fail(hutongErrorOf(error[0]));
          else take({ errors: error } as unknown as ExecutionResult);
        },
        complete: () => {
          answered.reject(subgraphUnavailable({ subgraph: name }));
          events.finish();
        },
      },
    );
    return answered.promise;
  }

  async close(): Promise<void> {
    await this.#client.dispose();
  }
}

interface Fault {
  message: string;
  extensions?: Record<string, unknown>;
}

const isFaultList = (error: unknown): error is [Fault, ...Fault[]] => Array.isArray(error) && error.length > 0;

function hutongErrorOf({ message, extensions = {} }: Fault): HutongError {
  const { code, ...others } = extensions;
  return new HutongError(typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR', 500, message, { extensions: others });
}
