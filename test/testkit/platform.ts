import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { deleteEmbeddedPostgres, subgraphNames, urlSetting } from '@hutong/common';
import { freePort } from './free-port.js';
import { endJobsBelow } from './job-processes.js';
import { isRunning, newDataFolder, until } from './processes.js';
import { startServer } from './server-process.js';

const REPOSITORY = join(import.meta.dirname, '../..');
const MAIN = { one: join(REPOSITORY, 'gateway/dist/main.js'), split: join(REPOSITORY, 'gateway/dist/split.js') };
const START_LIMIT_MS = 90_000;
const BANNER = /Hutong .* is up after/;

export const ADMIN_PASSWORD = 'correct horse battery staple';
const SECRET = 'the secret of every process of a test';

export interface PlatformOptions {
  /** Settings beyond the testkit's own. */
  environment?: Record<string, string>;
  /** `shared` (default): a database of its own on the run's PostgreSQL server. `embedded`: the server the platform starts itself. */
  database?: 'shared' | 'embedded';
}

/** Everything in one process, or the gateway and each subgraph in one of its own. */
type Mode = 'one' | 'split';

/** What this run of the flows starts; every flow runs in both modes, as the projects of `vitest.config.ts`. */
export const MODE: Mode = process.env.HUTONG_TEST_MODE === 'split' ? 'split' : 'one';

/** Whether the legacy contracts are served by a process of their own, not by the gateway. */
const CONTRACTS_ALONE = process.env.HUTONG_TEST_CONTRACTS === 'alone';

/** What this run has carry out the plans of queries; the default where it is not set. */
const { PLAN_EXECUTOR } = process.env;

/** What runs in a process of its own when the platform is split. */
export const PARTS = ['gateway', ...subgraphNames] as const;
export type Part = (typeof PARTS)[number];

/** A real Hutong on a free port, with a database and a data folder of its own: one process, or several when split. */
export interface Platform {
  readonly url: string;
  /** Where the legacy contracts are. */
  readonly legacyUrl: string;
  readonly databaseUrl: string | undefined;
  readonly dataDirectory: string;
  /** Everything that was printed so far, over all starts. */
  output(): string;
  /** The process that was started. */
  readonly pid: number;
  /** The process that a part runs in at present: the one for all, or its own when split. */
  pidOf(part: Part): number;
  /** Where a subgraph of a split platform listens. */
  urlOf(part: Part): string;
  /** SIGTERM, and waits; answers the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL to every process at once, and waits. */
  kill(): Promise<void>;
  /** SIGKILL to the process that a part runs in, and waits for its end. */
  crash(part: Part): Promise<void>;
  /** Waits until all is ready again after a {@link crash}; starts what does not start by itself. */
  recover(): Promise<void>;
  /** Starts again on the same port, data folder and database. */
  start(): Promise<void>;
  /** Ends every process and removes what is left. */
  dispose(): Promise<void>;
}

/** Starts the platform and waits until it is ready. */
export async function startPlatform({ environment = {}, database = 'shared' }: PlatformOptions = {}): Promise<Platform> {
  const platform = await launch(MAIN[MODE], environment, database === 'shared' ? sharedDatabase : async () => undefined);
  return CONTRACTS_ALONE ? withContractsAlone(platform, environment) : platform;
}

async function withContractsAlone(platform: Platform, environment: Record<string, string>): Promise<Platform> {
  try {
    const contracts = await startServer('rest-compat/dist/main.js', { HUTONG_SECRET: SECRET, GATEWAY_URL: platform.url, ...environment, PORT: '0' });
    const dispose = async () => {
      await contracts.stop();
      await platform.dispose();
    };
    return Object.create(platform, { legacyUrl: { value: contracts.url }, dispose: { value: dispose } }) as Platform;
  } catch (error) {
    await platform.dispose();
    throw error;
  }
}

/**
 * Another front of a running platform: a second process on its database, or a second gateway over the same subgraphs. It is
 * to be disposed of before the first.
 */
export function startBeside(platform: Platform, environment: Record<string, string> = {}): Promise<Platform> {
  const urls = Object.fromEntries(MODE === 'split' ? subgraphNames.map((name) => [urlSetting(name), platform.urlOf(name)]) : []);
  return launch(MAIN.one, { DATABASE_URL: platform.databaseUrl!, ...urls, ...environment }, async () => undefined);
}

type OwnDatabase = Awaited<ReturnType<typeof sharedDatabase>>;

async function launch(main: string, environment: Record<string, string>, makeDatabase: () => Promise<OwnDatabase | undefined>): Promise<Platform> {
  const dataDirectory = await newDataFolder();
  const own = await makeDatabase();
  const port = Number(environment.PORT ?? (await freePort()));
  const url = `http://127.0.0.1:${port}`;
  let output = '';
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const printedBefore = output.length;
    child = spawn(process.execPath, [main], {
      cwd: REPOSITORY,
      env: {
        PATH: process.env.PATH,
        HOME: process.env.HOME,
        PORT: String(port),
        NOTEBOOK_PORT: '0',
        HUTONG_DATA_DIR: dataDirectory,
        HUTONG_ADMIN_PASSWORD: ADMIN_PASSWORD,
        HUTONG_SECRET: SECRET,
        LOG_LEVEL: 'warn',
        PASSWORD_HASH_LOG2_COST: '8',
        // A test that wants machines or jobs says so.
        CLOUD_DRIVER: 'none',
        ENGINE_DRIVER: 'none',
        ...(PLAN_EXECUTOR === undefined ? {} : { PLAN_EXECUTOR }),
        ...(own ? { DATABASE_URL: own.url } : {}),
        ...environment,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await untilReady(url, child, () => output.slice(printedBefore));
  };
  const hasEnded = () => !child || child.exitCode !== null || child.signalCode !== null;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!child || hasEnded()) return child?.exitCode ?? null;
    const exited = once(child, 'exit') as Promise<[number | null]>;
    child.kill(signal);
    const [code] = await exited;
    return code;
  };
  const lastPrinted = (pattern: string): string | undefined => [...output.matchAll(new RegExp(pattern, 'g'))].at(-1)?.[1];
  const ownPidOf = (part: Part): number | undefined => Number(lastPrinted(`\\[${part}\\] is process (\\d+)`)) || undefined;
  const kill = async (): Promise<void> => {
    // What started them goes first, so that it starts none again.
    await end('SIGKILL');
    const pids = PARTS.map(ownPidOf).filter((pid) => pid !== undefined);
    for (const pid of pids) if (isRunning(pid)) process.kill(pid, 'SIGKILL');
    await until('the end of every process', () => !pids.some(isRunning));
  };

  const platform: Platform = {
    url,
    legacyUrl: url,
    databaseUrl: own?.url,
    dataDirectory,
    output: () => output,
    get pid() {
      return child?.pid ?? -1;
    },
    pidOf: (part) => ownPidOf(part) ?? platform.pid,
    urlOf: (part) => lastPrinted(`\\[${part}\\] ${part} listens on (\\S+)`)!,
    stop: () => end('SIGTERM'),
    kill,
    async crash(part) {
      const pid = ownPidOf(part);
      if (pid === undefined) return kill();
      process.kill(pid, 'SIGKILL');
      await until(`the end of ${part}`, () => !isRunning(pid));
    },
    async recover() {
      if (hasEnded()) return start();
      await until('readiness', async () => (await fetch(`${url}/readyz`).catch(() => undefined))?.ok === true);
    },
    start,
    async dispose() {
      await end('SIGTERM');
      await endJobsBelow(dataDirectory);
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
