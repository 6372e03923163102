import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteEmbeddedPostgres } from '@hutong/common';
import { testDatabase, type TestDatabase } from '@hutong/common/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

const MAIN = path.join(import.meta.dirname, '../../dist/main.js');

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await testDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-main-'));
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** Started by the present test; one that fails leaves them running. */
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

function start(settings: Record<string, string>) {
  const child = spawn(process.execPath, [MAIN], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, PORT: '0', NOTEBOOK_PORT: '0', DATABASE_URL: database.url, HUTONG_DATA_DIR: folder, LOG_LEVEL: 'warn', ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  const printed = { out: '', err: '' };
  child.stdout.on('data', (chunk: Buffer) => (printed.out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed.err += chunk.toString()));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  /** The banner's address, once the platform is up. */
  const up = async (): Promise<string> => {
    for (;;) {
      const url = /GraphQL +(http:\S+)\/graphql/.exec(printed.out)?.[1];
      if (url) return url;
      if (child.exitCode !== null) throw new Error(`ended with ${child.exitCode}: ${printed.err}`);
      await delay(20);
    }
  };
  return { child, printed, ended, up };
}

test.each([
  ['PORT', 'http'],
  ['PORT', '65536'],
  ['LIMIT_DEPTH', '0'],
  ['LOG_LEVEL', 'loud'],
  ['DATABASE_URL', 'mysql://localhost/x'],
  ['TRUSTED_PROXIES', '10.0.0.0/99'],
  ['PLAYGROUND', 'maybe'],
  ['HUTONG_ADMIN_PASSWORD', 'short'],
  ['SCHEDULING_OFFER_EXPIRY_HOURS', 'never'],
])('%s=%s stops the start with one line that names it', async (name, value) => {
  const { ended, printed } = start({ [name]: value });
  expect(await ended).toBe(1);
  expect(printed.err).toMatch(new RegExp(`^${name}: .*\\n$`));
  expect(printed.err).toContain(`for example ${name}=`);
  if (name.includes('PASSWORD')) expect(printed.err).not.toContain(value);
});

test('a database that is not there stops the start with one line, without its password', async () => {
  const { ended, printed } = start({ DATABASE_URL: 'postgres://someone:hush@127.0.0.1:1/nothing' });
  expect(await ended).toBe(1);
  expect(printed.err).toMatch(/^DATABASE_URL: the database cannot be reached: .*\n$/);
  expect(printed.err).not.toContain('hush');
});

test('a port that is taken stops the start with one line', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  const { ended, printed } = start({ PORT: String(port) });
  expect(await ended).toBe(1);
  expect(printed.err).toMatch(new RegExp(`^PORT: 127.0.0.1:${port} is taken .*\\n$`));
  other.close();
});

test('the first start shows a password that works, until logging out, in every subgraph; a signal ends the platform with 0', async () => {
  const first = start({});
  const url = await first.up();
  const password = /shown this once: +(\S+)/.exec(first.printed.out)?.[1];
  const ticket = await fetch(`${url}/api/ticket`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'admin', password }) });
  expect(ticket.status).toBe(200);
  const { data } = (await ticket.json()) as { data: { ticket: string } };
  const ask = (query: string) =>
    fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${data.ticket}` },
      body: JSON.stringify({ query }),
    });
  const everywhere = await ask('{ me { username roles } machines { totalCount } tasks { totalCount } computingResources { totalCount } }');
  expect(await everywhere.json()).toEqual({ data: { me: { username: 'admin', roles: ['ADMIN'] }, machines: { totalCount: 0 }, tasks: { totalCount: 0 }, computingResources: { totalCount: 0 } } });
  await ask('mutation { nameCode(input: { kind: CITY, code: "110100", name: "北京" }) { name } }');
  expect(await (await ask('{ auditLog(action: "nameCode") { nodes { action outcome actor { username } } } }')).json()).toMatchObject({
    data: { auditLog: { nodes: [{ action: 'nameCode', actor: { username: 'admin' } }] } },
  });
  await ask('mutation { logOut }');
  await expect.poll(async () => (await ask('{ me { username } }')).status, { timeout: 1_000, interval: 20 }).toBe(401);
  first.child.kill('SIGTERM');
  expect(await first.ended).toBe(0);

  const second = start({});
  await second.up();
  expect(second.printed.out).not.toContain('password');
  second.child.kill('SIGINT');
  expect(await second.ended).toBe(0);
});

test('a signal while the database is made ends it with 0 and without a fault', async () => {
  const own = path.join(folder, 'interrupted');
  const { child, ended, printed } = start({ DATABASE_URL: '', HUTONG_DATA_DIR: own });
  while (!printed.out.includes('Creating the database')) await delay(10);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(printed.err).toBe('');
  await deleteEmbeddedPostgres(own);
});

test('a signal twice ends it at once', async () => {
  const { child, ended, up } = start({});
  const url = await up();
  // A request that is never finished would hold the first signal's way down for half a minute.
  const held = fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) }),
    duplex: 'half',
  });
  const refused = expect(held).rejects.toThrow('fetch failed');
  await delay(200);
  child.kill('SIGTERM');
  await delay(200);
  expect(child.exitCode).toBeNull();
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  await refused;
});
