import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../log/log.js';
import { testDatabase, type TestDatabase } from '../testkit/test-database.js';
import { WorkerPresence } from './worker-presence.js';

let database: TestDatabase;
let [one, other]: Client[] = [];
beforeAll(async () => {
  database = await testDatabase();
  [one, other] = [new Client({ connectionString: database.url }), new Client({ connectionString: database.url })];
  await Promise.all([one.connect(), other.connect()]);
});
afterAll(async () => {
  await Promise.all([one?.end(), other?.end()]);
  await database?.drop();
});

const PRESENT = "from pg_stat_activity where application_name = 'hutong worker' and datname = current_database()";

test('a process that stops while it connects again leaves no connection', async () => {
  const presence = await WorkerPresence.open(database.url, silentLog);
  // What it is known by is held here from its end on, so that it gets no further when it comes back.
  const locked = one!.query("select pg_advisory_lock(hashtextextended('hutong worker ' || $1::text, 0))", [presence.id]);
  await other!.query(`select pg_terminate_backend(pid) ${PRESENT}`);
  await locked;
  await expect.poll(async () => (await other!.query(`select ${PRESENT} and wait_event = 'advisory'`)).rowCount, { timeout: 10_000 }).toBe(1);
  await presence.stop();
  await one!.query('select pg_advisory_unlock_all()');
  await expect.poll(async () => (await other!.query(`select ${PRESENT}`)).rowCount, { timeout: 10_000 }).toBe(0);
});
