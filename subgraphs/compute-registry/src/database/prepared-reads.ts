import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import type { Database } from '@hutong/common';

/** Statements that are prepared on a connection once; rarer ones are planned each time, so that a server's memory is bounded. */
const MOST_PREPARED = 300;

/** A statement in the making: its text refers to values as `$1`, `$2`, … in the order they were added. */
export class Parameters {
  readonly values: unknown[] = [];

  /** Adds a value and answers how the text refers to it. */
  add(value: unknown): string {
    return `$${this.values.push(value)}`;
  }
}

/** Reads outside any transaction, with prepared statements: the text is parsed and planned once a connection. */
export class PreparedReads {
  readonly #pool: Promise<Pool>;
  readonly #names = new Map<string, string>();

  constructor(database: Database) {
    this.#pool = (database.em.getConnection() as unknown as { getNativeClient(): Promise<Pool> }).getNativeClient();
  }

  /** @returns the rows, with column names as the statement gives them */
  async rows<Row extends object>(text: string, { values }: Parameters): Promise<Row[]> {
    const name = this.#nameOf(text);
    const pool = await this.#pool;
    return (await pool.query<Row>({ text, values, ...(name === undefined ? {} : { name }) })).rows;
  }

  #nameOf(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= MOST_PREPARED) return known;
    const name = createHash('sha1').update(text).digest('base64url');
    this.#names.set(text, name);
    return name;
  }
}
