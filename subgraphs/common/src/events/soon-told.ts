import type { Pool } from 'pg';
import type { Log } from '../log/log.js';
import { channelOf } from './event-table.js';

/**
 * Tells every process of a subgraph of what has committed already, together with whatever else is said meanwhile.
 * PostgreSQL lets transactions that notify commit only one after the other, and wakes every listener for each.
 */
export class SoonTold {
  readonly #texts = new Set<string>();
  #telling: Promise<void> | undefined;

  constructor(private readonly options: { pool: Pool; schema: string; log: Log }) {}

  tell(...texts: string[]): void {
    for (const text of texts) this.#texts.add(text);
    this.#telling ??= this.#tellAll();
  }

  /** Resolves when all that was said is told. */
  async stop(): Promise<void> {
    await this.#telling;
  }

  async #tellAll(): Promise<void> {
    const { pool, schema, log } = this.options;
    while (this.#texts.size > 0) {
      const texts = [...this.#texts];
      this.#texts.clear();
      await pool
        .query('select pg_notify($1, text) from unnest($2::text[]) as text', [channelOf(schema), texts])
        .catch((err: unknown) => log.warn({ err }, 'listeners could not be told of a change; they will see it when they look by themselves'));
    }
    this.#telling = undefined;
  }
}
