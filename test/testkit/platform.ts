import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteEmbeddedPostgres } from '@hutong/common';
import { freePort } from './free-port.js';

const REPOSITORY = join(import.meta.dirname, '../..');
const MAIN = { one: join(REPOSITORY, 'gateway/dist/main.js'), split: join(REPOSITORY, 'gateway/dist/split.js') };
const START_LIMIT_MS = 90_000;
const BANNER = /Hutong .* is up after/;

export const ADMIN_PASSWORD = 'correct horse battery staple';

export interface PlatformOptions {
  /** Settings beyond the testkit's own. */
  environment?: Record<string, string>;
  /** `shared` (default): a database of its own on the run's PostgreSQL server. `embedded`: the server the platform starts itself. */
  database?: 'shared' | 'embedded';
  mode?: Mode;
}

/** Everything in one process, or each subgraph in one of its own. */
export type Mode = 'one' | 'split';

/** For flows that are to hold in both modes: `describe.each(MODES)`. */
export const MODES: readonly Mode[] = ['one', 'split'];

/** What is started where a test does not say. */
const MODE: Mode = process.env.HUTONG_TEST_MODE === 'split' ? 'split' : 'one';

/** A real Hutong process on a free port, with a database and a data folder of its own. */
export interface Platform {
  readonly url: string;
  readonly databaseUrl: string | undefined;
  readonly dataDirectory: string;
  /** Everything the process has printed so far, over all its starts. */
  output(): string;
  readonly pid: number;
  /** SIGTERM, and waits; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, and waits. */
  kill(): Promise<void>;
  /** Starts again on the same port, data folder and database. */
  start(): Promise<void>;
  /** Ends the process and removes what it left. */
  dispose(): Promise<void>;
}

/** Starts the platform and waits until it is ready. */
export async function startPlatform({ environment = {}, database = 'shared', mode = MODE }: PlatformOptions = {}): Promise<Platform> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hutong-platform-'));
  const own = database === 'shared' ? await sharedDatabase() : undefined;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let output = '';
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const printedBefore = output.length;
    child = spawn(process.execPath, [MAIN[mode]], {
      cwd: REPOSITORY,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(port),
        HUTONG_DATA_DIR: dataDirectory,
        HUTONG_ADMIN_PASSWORD: ADMIN_PASSWORD,
        LOG_LEVEL: 'warn',
        PASSWORD_HASH_LOG2_COST: '8',
        ...(own ? { DATABASE_URL: own.url } : {}),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await untilReady(url, child, () => output.slice(printedBefore));
  };
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await exited;
    return code;
  };

  const platform: Platform = {
    url,
    databaseUrl: own?.url,
    dataDirectory,
    output: () => output,
    get pid() {
      return child?.pid ?? -1;
    },
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
    start,
    async dispose() {
      await end('SIGTERM');
      await own?.drop();
      await deleteEmbeddedPostgres(dataDirectory);
    },
  };
  await start().catch(async (error: unknown) => {
    await platform.dispose();
    throw error;
  });
  return platform;
}

/** Loaded only here: the testkit of common belongs to vitest, and the benchmarks run without it. */
async function sharedDatabase() {
  const { testDatabase } = await import('@hutong/common/testkit');
  return testDatabase();
}

async function untilReady(url: string, child: ChildProcess, output: () => string): Promise<void> {
  const deadline = Date.now() + START_LIMIT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`the platform ended with ${child.exitCode}:\n${output()}`);
    // The banner is its own; the port could be answered by somebody else.
    if (BANNER.test(output()) && (await fetch(`${url}/readyz`)).ok) return;
    await delay(25);
  }
  child.kill('SIGKILL');
  throw new Error(`the platform was not ready within ${START_LIMIT_MS / 1000} s:\n${output()}`);
}
