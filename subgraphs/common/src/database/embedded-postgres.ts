import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { DatabaseStartError } from './database-start.error.js';
import { stopServer } from './postgres-server.js';
import { bringUp, openDataFolder, silentLog } from './running-database.js';
import type { DatabaseLog, Progress, RunningDatabase } from './running-database.js';
import { takeSessionLock } from './session-lock.js';
import { withStartLock } from './start-lock.js';
import { isRunning } from './system-process.js';

/** What {@link startEmbeddedPostgres} needs. */
export interface EmbeddedPostgresOptions {
  /** `HUTONG_DATA_DIR`: made when missing; holds the database, its password and its log. */
  readonly dataDirectory: string;
  /** Called with a line for the terminal before anything that takes a while; silent on an ordinary second start. */
  readonly onProgress?: Progress;
  /** Gets unusual events, such as a leftover server that had to be stopped. */
  readonly log?: DatabaseLog;
  /** Called at most once, when the database is lost without `stop()`: its server ended, or another platform has it. */
  readonly onExit?: (reason: string) => void;
  /** Aborting while the start is under way stops what was started; the promise rejects with ABORTED. */
  readonly signal?: AbortSignal;
}

/** The embedded database of this platform. */
export interface EmbeddedPostgres {
  /** Connection URL of the database `hutong`, password included: not for logs. */
  readonly url: string;
  /** True when a server left by a killed run was taken over. */
  readonly adopted: boolean;
  /** Process id of the server. */
  readonly pid: number;
  /** Ends all connections, stops the server and resolves when it is gone. May be called any number of times. */
  stop(): Promise<void>;
}

/**
 * Starts the embedded PostgreSQL of a data folder for the one platform that may run on it: creates the database on the
 * first start, adopts a server that a killed run left, and holds the folder until `stop()` or the end of this process.
 * Rejects with a {@link DatabaseStartError}: ALREADY_RUNNING when a platform runs on this folder, BINARIES_MISSING,
 * ACCOUNT_MISSING, FOLDER_UNUSABLE, CREATE_FAILED, SERVER_FAILED or ABORTED.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { onProgress = () => undefined, log = silentLog, signal } = options;
  const folder = openDataFolder(options.dataDirectory);
  const start = async (): Promise<EmbeddedPostgres> => {
    throwIfAborted(signal);
    const database = await bringUp(folder, onProgress, log);
    if (database.adopted) log.info(`Using the database server that was already running (process ${database.server.pid}).`);
    let lock: pg.Client | undefined;
    try {
      lock = await takePlatformLock(folder, database.url);
      throwIfAborted(signal);
      return supervise(database, lock, log, options.onExit);
    } catch (error) {
      // An adopted server whose lock we did not get serves somebody else.
      if (lock || !database.adopted) await stopServer(database.server.pid, database.context);
      throw error;
    }
  };
  return withStartLock(folder, start, () => onProgress('Waiting for another start on the same data folder…'));
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new DatabaseStartError('ABORTED', 'The start was broken off.', { cause: signal.reason });
}

/** A killed platform's lock goes with its connection, which the server may notice a moment after we do. */
async function takePlatformLock(folder: string, url: string): Promise<pg.Client> {
  const deadline = performance.now() + 5_000;
  for (;;) {
    const lock = await takeSessionLock(url, 'platform');
    if ('client' in lock) return lock.client;
    const holderIsAlive = lock.heldBy === undefined || isRunning(lock.heldBy);
    if (holderIsAlive || performance.now() > deadline) {
      const who = lock.heldBy === undefined ? '' : ` (process ${lock.heldBy})`;
      throw new DatabaseStartError(
        'ALREADY_RUNNING',
        `Hutong is already running on the data folder ${folder}${who}: stop it first, or set HUTONG_DATA_DIR to another folder.`,
      );
    }
    await delay(20);
  }
}

function supervise(
  database: RunningDatabase,
  client: pg.Client,
  log: DatabaseLog,
  onExit: ((reason: string) => void) | undefined,
): EmbeddedPostgres {
  const { server, context } = database;
  let stopping: Promise<void> | undefined;
  const lost = (reason: string): void => {
    if (!stopping) onExit?.(reason);
  };
  // The server drops every connection and goes on when one of its backends dies, so the lock is taken again.
  const recover = async (): Promise<void> => {
    while (!stopping) {
      if (!isRunning(server.pid)) return lost(`The database server (process ${server.pid}) has ended; see postgres.log.`);
      const again = await takeSessionLock(database.url, 'platform').catch(() => undefined);
      if (again && 'client' in again) return watch(again.client);
      if (again) return lost(`Another Hutong has taken the data folder ${context.folder}.`);
      await delay(100);
    }
  };
  const watch = (current: pg.Client): void => {
    current.once('end', () => {
      if (stopping) return;
      log.warn('The connection that holds the data folder was lost.');
      void recover();
    });
  };
  watch(client);
  return {
    url: database.url,
    adopted: database.adopted,
    pid: server.pid,
    stop: () => (stopping ??= stopServer(server.pid, context)),
  };
}
