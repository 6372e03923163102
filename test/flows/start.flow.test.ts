import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { deleteEmbeddedPostgres } from '@hutong/common';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { freePort } from '../testkit/free-port.js';
import { MODE } from '../testkit/platform.js';
import { isRunning, newDataFolder, postgresPid, until } from '../testkit/processes.js';

// `npm start` as a newcomer meets it: the embedded database, the banner, the second start, and every way to end.

const REPOSITORY = join(import.meta.dirname, '../..');
const SCRIPT = join(REPOSITORY, MODE === 'split' ? 'gateway/dist/split.js' : 'gateway/dist/main.js');
const run = promisify(execFile);

/** A start in a terminal of its own. */
class Start implements AsyncDisposable {
  output = '';
  errors = '';
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;

  constructor(environment: Record<string, string>) {
    this.child = spawn(process.execPath, [SCRIPT], { cwd: tmpdir(), env: { PATH: process.env.PATH, HOME: process.env.HOME, ...environment }, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
    this.child.stdout!.on('data', (chunk: Buffer) => (this.output += chunk.toString()));
    this.child.stderr!.on('data', (chunk: Buffer) => (this.errors += chunk.toString()));
    this.exit = once(this.child, 'close').then(([code]) => code as number | null);
  }

  get ended(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** The banner, when all is up; its last line is one for curl. */
  async banner(): Promise<string> {
    await until('the banner', () => {
      if (this.ended) throw new Error(`ended instead of starting:\n${this.output}${this.errors}`);
      return /Hutong .*\bup\b[^]*curl .*\n/.test(this.output);
    });
    return this.output;
  }

  async signal(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.ended) this.child.kill(signal);
    const code = await this.exit;
    if (signal === 'SIGKILL') await this.#killOthers();
    return code;
  }

  /** When split, those that the process has started. */
  async #killOthers(): Promise<void> {
    const pids = [...this.output.matchAll(/ is process (\d+)/g)].map(([, pid]) => Number(pid));
    for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await until('the end of every process', () => !pids.some(isRunning));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.signal('SIGKILL');
  }
}

/** The one line that a start which cannot be says. */
async function refusal(environment: Record<string, string>): Promise<string> {
  await using start = new Start(environment);
  const code = await start.exit;
  expect(code, start.output + start.errors).toBe(1);
  // Of several processes each may say it, under its name; what else they log meanwhile is JSON.
  const lines = start.errors.trim().split('\n').map((line) => line.replace(/^\[[a-z-]+\] /, '')).filter((line) => !line.startsWith('{'));
  expect([...new Set(lines)], 'one line and no stack').toEqual([lines[0]]);
  return lines[0]!;
}

let dataDirectory: string;
let port: number;
const settings = (over: Record<string, string> = {}) => ({ PORT: String(port), NOTEBOOK_PORT: '0', HUTONG_DATA_DIR: dataDirectory, LOG_LEVEL: 'warn', ...over });
const passwordOf = (output: string) => /the password is shown this once: +(\S+)/.exec(output)?.[1];

async function logIn(password: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/api/ticket`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'admin', password }) });
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: { ticket: string } }).data.ticket;
}

async function graph(ticket: string, query: string): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', token: ticket }, body: JSON.stringify({ query }) });
  const { data, errors } = (await response.json()) as { data: Record<string, unknown>; errors?: unknown };
  expect(errors).toBeUndefined();
  return data;
}

beforeAll(async () => {
  dataDirectory = await newDataFolder();
  port = await freePort();
});
afterAll(() => deleteEmbeddedPostgres(dataDirectory));

describe('the platform on its own database', () => {
  let current: Start | undefined;
  let password: string;
  afterEach(async () => {
    await current?.[Symbol.asyncDispose]();
  });

  test('on the first start tells its progress, its addresses, the admin’s password, and a line that logs in when pasted', async () => {
    current = new Start(settings({ LOG_LEVEL: 'info' }));
    const banner = await current.banner();
    expect(current.errors, 'nothing is logged that is no fault').not.toContain('"level":30');
    expect(banner).toMatch(/database/i);
    for (const address of ['/graphql', '/', '/api', '/api/v1']) expect(banner).toContain(`http://127.0.0.1:${port}${address}`);
    password = passwordOf(banner)!;
    expect(password).toMatch(/^\S{12,}$/);
    const curl = /(curl .*)$/m.exec(banner)![1]!;
    const { stdout } = await run('sh', ['-c', curl]);
    // Split, the gateway does not know whom machines made: its line asks what anybody may.
    const ticket = MODE === 'split' ? await logIn(password) : (JSON.parse(stdout) as { data: { ticket: string } }).data.ticket;
    await graph(ticket, 'mutation { nameCode(input: { kind: ORGANIZATION, code: "31337", name: "kept" }) { name } }');
    expect(await current.signal('SIGTERM')).toBe(0);
    expect(await postgresPid(dataDirectory)).toBeUndefined();
  }, 120_000);

  test('on the second start keeps what was stored and prints no password; its line works, too', async () => {
    current = new Start(settings());
    const banner = await current.banner();
    expect(banner).not.toMatch(/password/i);
    expect(banner).not.toContain(password);
    const curl = /(curl .*)$/m.exec(banner)![1]!;
    expect(JSON.parse((await run('sh', ['-c', curl])).stdout)).toEqual({ data: { __typename: 'Query' } });
    const ticket = await logIn(password);
    expect(await graph(ticket, '{ codes(kind: ORGANIZATION) { code name } }')).toMatchObject({ codes: expect.arrayContaining([{ code: '31337', name: 'kept' }]) });
    await current.signal('SIGKILL');
    expect(isRunning((await postgresPid(dataDirectory))!), 'a server that a killed platform leaves behind').toBe(true);
  }, 60_000);

  test('after kill -9 adopts the server that was left, keeps tickets, and stops it at the end', async () => {
    const left = await postgresPid(dataDirectory);
    current = new Start(settings());
    await current.banner();
    const ticket = await logIn(password);
    expect(await graph(ticket, '{ me { username } }')).toEqual({ me: { username: 'admin' } });
    await current.signal('SIGKILL');
    current = new Start(settings());
    await current.banner();
    expect(await graph(ticket, '{ me { username } }'), 'a ticket survives the restart').toEqual({ me: { username: 'admin' } });
    const server = (await postgresPid(dataDirectory))!;
    expect(await current.signal('SIGTERM')).toBe(0);
    expect([isRunning(left!), isRunning(server)]).toEqual([false, false]);
    expect(await postgresPid(dataDirectory)).toBeUndefined();
  }, 90_000);

  test('refuses a second platform on the same data folder in one clear line, and is not disturbed by it', async () => {
    current = new Start(settings());
    await current.banner();
    const line = await refusal(settings({ PORT: String(await freePort()) }));
    expect(line).toContain(dataDirectory);
    expect(line).toMatch(/runs|running|used by|in use/i);
    await logIn(password);
    // Like Ctrl+C in a terminal, which every process of the group gets.
    process.kill(-current.child.pid!, 'SIGINT');
    expect(await current.exit).toBe(0);
    expect(await postgresPid(dataDirectory)).toBeUndefined();
  }, 60_000);

  test('whose port is taken says so in one line, and leaves no database running', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const taken = String((other.address() as AddressInfo).port);
    try {
      const line = await refusal(settings({ PORT: taken }));
      expect(line).toMatch(/^PORT\b/);
      expect(line).toContain(taken);
    } finally {
      other.close();
    }
    expect(await postgresPid(dataDirectory)).toBeUndefined();
  }, 60_000);

  test('that is told to stop while it starts stops, and leaves no database running', async () => {
    current = new Start(settings());
    const started = current;
    await until('the server', async () => (await postgresPid(dataDirectory)) !== undefined || started.ended);
    expect(await started.signal('SIGTERM')).toBe(0);
    expect(await postgresPid(dataDirectory)).toBeUndefined();
  }, 60_000);
});

describe('a setting that does not validate', () => {
  test.each([
    ['PORT', 'http'], ['PORT', '65536'], ['DATABASE_URL', 'mysql://somewhere/x'], ['TRUSTED_PROXIES', 'everybody'], ['PLAYGROUND', 'perhaps'],
    ['HUTONG_ADMIN_PASSWORD', 'short'], ['COMPUTE_REGISTRY_STALE_SECONDS', 'soon'], ['SCHEDULING_WEBHOOK_ALLOWED_NETWORKS', '10.0.0.0/99'], ['LOGIN_FAILURES_PER_USER', '1.5'],
  ])('%s=%s stops the start with one line that names it and gives an example', async (name, value) => {
    const folder = await newDataFolder();
    try {
      const line = await refusal({ PORT: '0', HUTONG_DATA_DIR: folder, [name]: value });
      expect(line.startsWith(`${name}:`)).toBe(true);
      expect(line).toContain(`for example ${name}=`);
      if (name === 'HUTONG_ADMIN_PASSWORD' || name === 'DATABASE_URL') expect(line).not.toContain(value);
    } finally {
      await deleteEmbeddedPostgres(folder);
    }
  }, 60_000);
});

test('a database that cannot be reached stops the start with one line', async () => {
  const line = await refusal({ PORT: '0', HUTONG_DATA_DIR: dataDirectory, DATABASE_URL: `postgres://hutong:secret@127.0.0.1:${await freePort()}/hutong` });
  expect(line).toMatch(/^DATABASE_URL\b/);
  expect(line).not.toContain('secret');
}, 60_000);
