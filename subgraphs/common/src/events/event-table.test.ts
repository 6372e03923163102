import { Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testDatabase, type TestDatabase } from '../testkit/test-database.js';
import { eventTableSql, readEvents, settledPosition } from './event-table.js';

/** Transactions and sequence numbers of unequal length, all long over for any server. */
const WRITTEN = [[8, 12], [9, 3], [9, 20], [10, 9], [10, 10], [100, 11]] as const;

let database: TestDatabase;
let pool: Pool;
beforeAll(async () => {
  database = await testDatabase();
  pool = new Pool({ connectionString: database.url });
  await pool.query(`create schema things; ${eventTableSql('things')}`);
  for (const [xid, sequence] of WRITTEN.toReversed()) {
    await pool.query(`insert into things.event (xid, sequence, topic, subject, payload) overriding system value values ($1::text::xid8, $2, 'thing', 'x', '{}')`, [xid, sequence]);
  }
});
afterAll(async () => {
  await pool.end();
  await database.drop();
});

test('events are read in the order of transactions and sequence as numbers, whatever the pages', async () => {
  for (const limit of [1, 2, 10]) {
    const read: [number, number][] = [];
    for (let after = { xid: 0n, sequence: 0n }; ; ) {
      const page = await readEvents(pool, 'things', after, limit);
      if (page.length === 0) break;
      read.push(...page.map(({ xid, sequence }): [number, number] => [Number(xid), Number(sequence)]));
      after = page.at(-1)!;
    }
    expect(read).toEqual(WRITTEN);
  }
});

test('listening begins behind the newest event', async () => {
  expect(await settledPosition(pool, 'things')).toEqual({ xid: 100n, sequence: 11n });
});
