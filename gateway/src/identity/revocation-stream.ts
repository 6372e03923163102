import { setTimeout as delay } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { anonymous, type Log, type SubgraphConnection } from '@hutong/common';
import type { ExecutionResult } from 'graphql';
import type { IdentitySource } from './identity.source.js';

export interface RevocationListener {
  /** From now on every revocation is told. */
  up(): void;
  revoked(id: string): void;
  /** Revocations may be missed until the next {@link up}. */
  down(): void;
}

const LONGEST_PAUSE_MS = 1_000;

/** Listens to the identity subgraph's revocations, and again whenever the stream breaks, until it is stopped. */
export class RevocationStream {
  readonly #source: IdentitySource;
  readonly #connections: ReadonlyMap<string, SubgraphConnection>;
  readonly #listener: RevocationListener;
  readonly #log: Log;
  readonly #stopping = new AbortController();
  #stream: AsyncIterableIterator<ExecutionResult> | undefined;
  readonly #ended: Promise<void>;

  constructor(source: IdentitySource, connections: ReadonlyMap<string, SubgraphConnection>, listener: RevocationListener, log: Log) {
    this.#source = source;
    this.#connections = connections;
    this.#listener = listener;
    this.#log = log;
    this.#ended = this.#follow();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#stream?.return?.();
    await this.#ended;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    for (let pause = 10; !signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        await this.#listen(() => (pause = 10));
        if (!signal.aborted) this.#log.warn('the stream of revocations ended');
      } catch (err) {
        if (!signal.aborted) this.#log.warn({ err }, 'revocations cannot be heard at present; no credential is remembered meanwhile');
      }
      this.#listener.down();
      await delay(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  async #listen(heard: () => void): Promise<void> {
    const connection = this.#connections.get(this.#source.subgraph);
    if (!connection) throw new Error(`subgraph ${this.#source.subgraph} is not connected`);
    const { signal } = this.#stopping;
    const request = { document: this.#source.revocations, variables: {}, caller: anonymous, origin: 'peer', requestId: randomUUID(), signal } as const;
    const results = await connection.subscribe(request);
    if (!(Symbol.asyncIterator in results)) throw new Error(results.errors?.[0]?.message ?? 'the subscription was refused');
    this.#stream = results;
    if (signal.aborted) return void (await results.return?.());
    this.#listener.up();
    for await (const { data, errors } of results) {
      const id: unknown = Object.values(data ?? {})[0];
      if (errors || typeof id !== 'string') throw new Error(errors?.[0]?.message ?? 'a revocation without an id');
      heard();
      this.#listener.revoked(id);
    }
  }
}
