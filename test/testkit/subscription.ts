import { setTimeout as delay } from 'node:timers/promises';
import { createClient } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { Actor } from './actor.js';

const PATIENCE_MS = 30_000;

/** What a subscription of one connection was told. */
export interface Subscription {
  // oxlint-disable-next-line typescript/no-explicit-any -- a test reads data of any shape
  readonly events: any[];
  readonly errors: { message: string; extensions: { code: string } }[];
  /** Resolves when the subscription is over before the client ends it: the close code of the socket, or how the stream ended. */
  readonly closed: Promise<number | 'complete' | 'refused' | 'broken'>;
  /** Waits for so many events, and answers all that came. */
  until(count: number): Promise<Subscription['events']>;
  end(): Promise<void>;
}

/** How somebody subscribes over a connection of its own, which is not opened again when it is lost. */
export type Subscribe = (actor: Actor, query: string, variables?: Record<string, unknown>) => Promise<Subscription>;

interface Told {
  data?: unknown;
  errors?: Subscription['errors'];
}

/** Takes down what comes. An answer without data is none: only its errors count. */
function record() {
  const events: Subscription['events'] = [];
  const errors: Subscription['errors'] = [];
  return {
    events,
    errors,
    take({ data, errors: failures = [] }: Told) {
      if (data != null) events.push(data);
      errors.push(...failures);
    },
    async until(count: number) {
      const deadline = Date.now() + PATIENCE_MS;
      while (events.length < count) {
        if (Date.now() > deadline) throw new Error(`waited for ${count} events, got ${JSON.stringify(events)} and ${JSON.stringify(errors)}`);
        await delay(5);
      }
      return events;
    },
  };
}

/** Subscribes over a WebSocket. */
export const subscribe: Subscribe = async ({ platform, credential }, query, variables = {}) => {
  const { take, ...recorded } = record();
  const closed = Promise.withResolvers<number>();
  const client = createClient({
    url: `${platform.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => undefined,
    connectionParams: credential === undefined ? {} : { Authorization: `Bearer ${credential}` },
    on: { closed: (event) => closed.resolve((event as { code: number }).code) },
  });
  client.subscribe(
    { query, variables },
    {
      next: (result) => take(result as unknown as Told),
      error: (failure) => {
        if (Array.isArray(failure)) take({ errors: failure as Subscription['errors'] });
      },
      complete: () => undefined,
    },
  );
  return {
    ...recorded,
    closed: closed.promise,
    async end() {
      // It rejects when the connection under way fails, and then there is nothing to end.
      await Promise.resolve(client.dispose()).catch(() => undefined);
    },
  };
};

/** Subscribes over server-sent events. */
export const stream: Subscribe = async ({ platform, credential }, query, variables = {}) => {
  const { take, ...recorded } = record();
  const leaving = new AbortController();
  const read = async (): Promise<'complete' | 'refused' | 'broken'> => {
    const response = await fetch(`${platform.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...(credential === undefined ? {} : { authorization: `Bearer ${credential}` }) },
      body: JSON.stringify({ query, variables }),
      signal: leaving.signal,
    });
    if (response.headers.get('content-type')?.startsWith('text/event-stream') !== true) {
      take((await response.json()) as Told);
      return 'refused';
    }
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n');
      text = blocks.pop()!;
      for (const block of blocks) {
        if (block.startsWith('event: complete')) return 'complete';
        if (block.startsWith('event: next')) take(JSON.parse(block.slice(block.indexOf('data: ') + 6)) as Told);
      }
    }
    return 'broken';
  };
  const closed = read().catch(() => 'broken' as const);
  return {
    ...recorded,
    closed,
    async end() {
      leaving.abort();
      await closed;
    },
  };
};
