import { Client } from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { silentLog } from '../log/log.js';
import { testDatabase, type TestDatabase } from '../testkit/test-database.js';
import { NotificationListener } from './notification-listener.js';

let database: TestDatabase;
beforeAll(async () => {
  database = await testDatabase();
});
afterAll(() => database.drop());

async function listen(channel: string) {
  const heard: string[] = [];
  const listener = await NotificationListener.open({ url: database.url, channel, name: `test ${channel}`, log: silentLog, onNotification: (text) => heard.push(text), onGap: () => undefined });
  return { listener, heard };
}

async function connected(): Promise<Client> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  return client;
}

async function query(text: string, ...values: unknown[]): Promise<void> {
  const client = await connected();
  await client.query(text, values);
  await client.end();
}

test('a listener hears what is notified, and nothing of other listeners', async () => {
  const [one, two] = [await listen('heard'), await listen('heard')];
  await query("select pg_notify('heard', 'word')");
  await expect.poll(() => [one.heard, two.heard]).toEqual([['word'], ['word']]);
  await Promise.all([one.listener.stop(), two.listener.stop()]);
});

test('it is alone on its channel until another comes, and again when that has gone', async () => {
  const { listener: first } = await listen('alone');
  const { listener: elsewhere } = await listen('elsewhere');
  expect([first.isAlone, elsewhere.isAlone]).toEqual([true, true]);
  const { listener: second } = await listen('alone');
  await expect.poll(() => first.isAlone).toBe(false);
  expect(second.isAlone).toBe(false);
  await first.stop();
  await expect.poll(() => second.isAlone, { timeout: 10_000 }).toBe(true);
  await Promise.all([second.stop(), elsewhere.stop()]);
});

test('it is not alone while its connection is lost', async () => {
  const { listener } = await listen('lost');
  await query('select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1', 'test lost');
  await expect.poll(() => listener.isAlone, { interval: 5 }).toBe(false);
  await expect.poll(() => listener.isAlone, { timeout: 10_000 }).toBe(true);
  await listener.stop();
});

test('one that is stopped while it connects again leaves no connection', async () => {
  const { listener } = await listen('stopped');
  const client = await connected();
  const other = await connected();
  const connections = async (more = '') => (await other.query(`select from pg_stat_activity where application_name = 'test stopped' ${more}`)).rowCount;
  // What it locks to be seen by others is held here from its end on, so that it gets no further when it comes back.
  const locked = client.query("select pg_advisory_lock(hashtextextended('hutong listener ' || 'stopped', 0))");
  await other.query("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'test stopped'");
  await locked;
  await expect.poll(() => connections("and wait_event = 'advisory'"), { timeout: 10_000 }).toBe(1);
  await listener.stop();
  await client.end();
  await expect.poll(() => connections(), { timeout: 10_000 }).toBe(0);
  await other.end();
});
