import { createClient as createSseClient } from 'graphql-sse';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Actor, GraphError } from '../testkit/actor.js';
import { send } from '../testkit/http.js';
import type { HostileQuery } from './hostile.queries.js';

/** What an operation was answered with. */
export interface Outcome {
  data?: unknown;
  errors?: GraphError[];
}

/** Somebody's way to send operations, which stays open until it is ended. */
export interface Way {
  ask(operation: Pick<HostileQuery, 'query' | 'variables'>): Promise<Outcome>;
  end(): Promise<void>;
}

/** Longer addresses are refused by Node's parser of HTTP, whatever they say. */
export const LONGEST_ADDRESS = 12_000;

const nothingToEnd = async (): Promise<void> => undefined;

const credentialOf = ({ credential }: Actor): Record<string, string> => (credential === undefined ? {} : { authorization: `Bearer ${credential}` });

/** HTTP: POST. */
export const overPost = (actor: Actor): Way => ({
  async ask({ query, variables }) {
    const { json } = await send(actor.platform, { method: 'POST', path: '/graphql', headers: { 'content-type': 'application/json', ...credentialOf(actor) }, body: JSON.stringify({ query, variables }) });
    return json as Outcome;
  },
  end: nothingToEnd,
});

/** HTTP: GET. */
export const overGet = (actor: Actor): Way => ({
  async ask({ query, variables }) {
    const search = new URLSearchParams({ query, ...(variables ? { variables: JSON.stringify(variables) } : {}) }).toString();
    const { json } = await send(actor.platform, { path: `/graphql?${search}`, headers: { 'apollo-require-preflight': 'true', ...credentialOf(actor) } });
    return json as Outcome;
  },
  end: nothingToEnd,
});

/** One WebSocket for all, as the client of graphql-ws has it. */
export function overWebsocket(actor: Actor): Way {
  const client = createClient({ url: `${actor.platform.url.replace('http', 'ws')}/graphql`, webSocketImpl: WebSocket, connectionParams: credentialOf(actor), retryAttempts: 0, lazyCloseTimeout: 10_000 });
  return {
    ask: ({ query, variables }) => outcome((sink) => client.subscribe({ query, ...(variables ? { variables } : {}) }, sink)),
    async end() {
      await client.dispose();
    },
  };
}

/** Server-sent events, a request for each, as the client of graphql-sse has it. */
export function overEventStream(actor: Actor): Way {
  const client = createSseClient({ url: `${actor.platform.url}/graphql`, headers: credentialOf(actor), retryAttempts: 0 });
  return {
    ask: ({ query, variables }) => outcome((sink) => client.subscribe({ query, ...(variables ? { variables } : {}) }, sink)),
    end: async () => client.dispose(),
  };
}

export const ways: [name: string, open: (actor: Actor) => Way][] = [
  ['POST', overPost],
  ['GET', overGet],
  ['WebSocket', overWebsocket],
  ['server-sent events', overEventStream],
];

interface OneSink {
  next(result: unknown): void;
  error(failure: unknown): void;
  complete(): void;
}

/** The first result, or what it was refused with: a list of errors (graphql-ws), or a response that is no stream (graphql-sse). */
function outcome(subscribe: (sink: OneSink) => unknown): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    subscribe({
      next: (result) => resolve(result as Outcome),
      error: (failure) => {
        if (Array.isArray(failure)) return resolve({ errors: failure as GraphError[] });
        const { response } = failure as { response?: Response };
        if (response?.headers.get('content-type')?.startsWith('application/json') !== true) return reject(failure);
        response.json().then((answer) => resolve(answer as Outcome), reject);
      },
      complete: () => resolve({}),
    });
  });
}
