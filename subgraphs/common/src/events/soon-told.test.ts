import { Client, Pool } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../log/log.js';
import { testDatabase, type TestDatabase } from '../testkit/test-database.js';
import { SoonTold } from './soon-told.js';

let database: TestDatabase;
let pool: Pool;
let listener: Client;
const heard: string[] = [];
beforeAll(async () => {
  database = await testDatabase();
  pool = new Pool({ connectionString: database.url });
  listener = new Client({ connectionString: database.url });
  listener.on('notification', ({ payload = '' }) => heard.push(payload));
  await listener.connect();
  await listener.query('listen hutong_things');
});
afterAll(async () => {
  await listener.end();
  await pool.end();
  await database.drop();
});

test('whatever is said is heard, and what is said at once is heard once', async () => {
  const told = new SoonTold({ pool, schema: 'things', log: silentLog });
  for (let n = 0; n < 100; n += 1) told.tell('', 'work');
  await told.stop();
  await expect.poll(() => heard.filter((text) => text === 'work').length).toBeGreaterThan(0);
  expect(heard.length).toBeLessThan(10);
  told.tell('later');
  await told.stop();
  await expect.poll(() => heard).toContain('later');
});

test('a database that does not answer loses what was said then, and nothing after', async () => {
  let isAway = true;
  const sometimes = { query: (...query: [string, unknown[]]) => (isAway ? Promise.reject(new Error('away')) : pool.query(...query)) } as unknown as Pool;
  const told = new SoonTold({ pool: sometimes, schema: 'things', log: silentLog });
  told.tell('lost');
  await told.stop();
  isAway = false;
  told.tell('back');
  await told.stop();
  await expect.poll(() => heard).toContain('back');
  expect(heard).not.toContain('lost');
});
