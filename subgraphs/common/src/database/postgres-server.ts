import { execFile, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { ClusterPlace } from './cluster-place.js';
import { DatabaseStartError } from './database-start.error.js';
import type { PostgresAccount } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { lastLines } from './postgres-cluster.js';
import { openServerLog } from './postgres-log-file.js';
import { programOptions } from './postgres-process.js';
import { serverSettings } from './postgres-settings.js';
import { readPostmasterPid } from './postmaster-pid.js';
import { goneWithin } from './system-process.js';

/** A PostgreSQL server that accepts connections on 127.0.0.1. */
export interface RunningServer {
  readonly pid: number;
  readonly port: number;
}

/** What is needed to start or stop the server of a data folder. */
export interface ServerContext {
  readonly folder: string;
  readonly place: ClusterPlace;
  readonly binaries: PostgresBinaries;
  readonly account: PostgresAccount | undefined;
}

/** How long a server may take to accept connections; recovery after a crash replays up to max_wal_size. */
const START_LIMIT = 180_000;
const POLL = 10;

/**
 * Starts the server, in a session of its own so that a terminal's Ctrl-C reaches us and not it, and resolves when it
 * accepts connections. It listens on `preferredPort` if that is free, else on any free port. Throws SERVER_FAILED with
 * the last lines of its log when it ends instead.
 */
export async function startServer(context: ServerContext, preferredPort: number | undefined): Promise<RunningServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? preferredPort : undefined);
    const outcome = await launch(context, port);
    if (typeof outcome !== 'string') return outcome;
    // Another program can take the port between our look and the server's; backends of a killed server end by
    // themselves, but only when they next wake up.
    const orphans = outcome.includes('shared memory block');
    const passing = orphans ? attempt < 40 : outcome.includes('could not create any TCP/IP sockets') && attempt < 5;
    if (!passing) {
      throw new DatabaseStartError(
        'SERVER_FAILED',
        `The database server of ${context.folder} did not start: ${lastLines(outcome) || 'it ended without a word'} (see postgres.log there)`,
      );
    }
    if (orphans) await delay(500);
  }
}

/** The running server, or what it wrote to its log before it ended. */
async function launch(context: ServerContext, port: number): Promise<RunningServer | string> {
  const { folder, place, binaries, account } = context;
  const log = openServerLog(folder);
  try {
    const args = ['-D', place.cluster, ...serverSettings(port).flatMap((setting) => ['-c', setting])];
    const child = spawn(binaries.postgres, args, {
      ...programOptions(account, place.home),
      detached: true,
      stdio: ['ignore', log.descriptor, log.descriptor],
    });
    let fault: string | undefined;
    child.once('error', (error) => (fault = `${binaries.postgres}: ${error.message}`));
    child.once('exit', () => (fault ??= ''));
    const deadline = performance.now() + START_LIMIT;
    while (fault === undefined) {
      const found = readPostmasterPid(place.cluster);
      if (child.pid && found?.pid === child.pid && found.status === 'ready') return { pid: child.pid, port };
      if (performance.now() > deadline) {
        if (child.pid) await stopServer(child.pid, context);
        return `${log.written()}\nnot ready after ${START_LIMIT / 1000} s`;
      }
      await delay(POLL);
    }
    return fault || log.written();
  } finally {
    log.close();
  }
}

/**
 * Stops a server and resolves when its process is gone; does nothing when it already is. Connections are ended and
 * open transactions rolled back (a fast shutdown). One that is not gone after 20 s is told to quit at once, and 5 s
 * later killed, which costs the next start a recovery but no data. `context` lets Windows do it gently as well.
 */
export async function stopServer(pid: number, context?: ServerContext): Promise<void> {
  if (process.platform === 'win32' && context) {
    // Signals to other processes are unknown there and would kill at once; pg_ctl has a way of its own.
    const { place, binaries, account } = context;
    const args = ['stop', '-D', place.cluster, '-m', 'fast', '-t', '20'];
    await promisify(execFile)(binaries.pgCtl, args, programOptions(account, place.home)).catch(() => undefined);
  }
  const steps: [NodeJS.Signals, number][] = [
    ['SIGINT', 20_000],
    ['SIGQUIT', 5_000],
    ['SIGKILL', 5_000],
  ];
  for (const [signal, patience] of steps) {
    try {
      process.kill(pid, signal);
      // A suspended server would take note of no other signal.
      if (process.platform !== 'win32') process.kill(pid, 'SIGCONT');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
    if (await goneWithin(pid, patience)) return;
  }
  throw new DatabaseStartError('SERVER_FAILED', `The database server (process ${pid}) cannot be stopped.`);
}

function freePort(preferred: number | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error) => (preferred === undefined ? reject(error) : resolve(freePort(undefined))));
    probe.listen({ port: preferred ?? 0, host: '127.0.0.1', exclusive: true }, () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
