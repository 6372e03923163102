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
  /** Resolves with the close code of the socket when it is closed before the client ends it. */
  readonly closed: Promise<number>;
  /** Waits for so many events, and answers all that came. */
  until(count: number): Promise<Subscription['events']>;
  end(): Promise<void>;
}

/** Subscribes as somebody over a WebSocket of its own, which is not connected again when it is lost. */
export async function subscribe({ platform, credential }: Actor, query: string, variables: Record<string, unknown> = {}): Promise<Subscription> {
  const events: Subscription['events'] = [];
  const errors: Subscription['errors'] = [];
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
      next: ({ data, errors: failures }) => {
        events.push(data);
        errors.push(...((failures ?? []) as unknown as Subscription['errors']));
      },
      error: (failure) => {
        if (Array.isArray(failure)) errors.push(...(failure as Subscription['errors']));
      },
      complete: () => undefined,
    },
  );
  return {
    events,
    errors,
    closed: closed.promise,
    async until(count) {
      const deadline = Date.now() + PATIENCE_MS;
      while (events.length < count) {
        if (Date.now() > deadline) throw new Error(`waited for ${count} events, got ${JSON.stringify(events)} and ${JSON.stringify(errors)}`);
        await delay(5);
      }
      return events;
    },
    async end() {
      // It rejects when the connection under way fails, and then there is nothing to end.
      await Promise.resolve(client.dispose()).catch(() => undefined);
    },
  };
}
