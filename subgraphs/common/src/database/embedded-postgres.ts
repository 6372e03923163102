import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { recordedPlace } from './cluster-place.js';
import { readRecord } from './database-record.js';
import { DatabaseStartError } from './database-start.error.js';
import { stopServer } from './postgres-server.js';
import { findServer } from './postmaster-pid.js';
import { bringUp, openDataFolder } from './running-database.js';
import type { DatabaseLog, Progress, RunningDatabase } from './running-database.js';
import { isServerInUse, takeSessionLock } from './session-lock.js';
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

/** A database opened by {@link connectToEmbedded}. */
export interface EmbeddedConnection {
  /** Connection URL of the database `hutong`, password included: not for logs. */
  readonly url: string;
  /** Lets go of the server, and stops it when no platform and no other tool uses it. May be called again. */
  close(): Promise<void>;
}

const silent: DatabaseLog = { info: () => undefined, warn: () => undefined };

/**
 * Starts the embedded PostgreSQL of a data folder for the one platform that may run on it: creates the database on the
 * first start, adopts a server that a killed run left, and holds the folder until `stop()` or the end of this process.
 * Rejects with a {@link DatabaseStartError}: ALREADY_RUNNING when a platform runs on this folder, BINARIES_MISSING,
 * ACCOUNT_MISSING, FOLDER_UNUSABLE, CREATE_FAILED, SERVER_FAILED or ABORTED.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { onProgress = () => undefined, log = silent, signal } = options;
  const folder = openDataFolder(options.dataDirectory);
  const start = async (): Promise<EmbeddedPostgres> => {
    throwIfAborted(signal);
    const database = await bringUp(folder, onProgress, log);
    if (database.adopted) log.info(`Using the database server that was already running (process ${database.server.pid}).`);
    try {
      throwIfAborted(signal);
      return supervise(database, await takePlatformLock(folder, database.url), log, options.onExit);
    } catch (error) {
      if (!database.adopted) await stopServer(database.server.pid, database.context);
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

/**
 * Opens the database of a data folder for a command-line tool, beside a running platform or without one: uses the
 * server that runs, or starts one for the time being, creating the database if need be. It never keeps a platform
 * from starting. Rejects like {@link startEmbeddedPostgres}, but never with ALREADY_RUNNING for a running platform.
 */
export async function connectToEmbedded(
  options: Pick<EmbeddedPostgresOptions, 'dataDirectory' | 'onProgress' | 'log'>,
): Promise<EmbeddedConnection> {
  const { onProgress = () => undefined, log = silent } = options;
  const folder = openDataFolder(options.dataDirectory);
  return withStartLock(folder, async () => {
    const database = await bringUp(folder, onProgress, log);
    const lock = await takeSessionLock(database.url, 'tool');
    if (!('client' in lock)) throw new DatabaseStartError('SERVER_FAILED', `The database of ${folder} could not be locked.`);
    let closing: Promise<void> | undefined;
    return { url: database.url, close: () => (closing ??= letGo(folder, database, lock.client)) };
  });
}

/** Under the start lock, so that no platform comes to rely on the server between the question and the stop. */
async function letGo(folder: string, { server, context }: RunningDatabase, client: pg.Client): Promise<void> {
  await withStartLock(folder, async () => {
    // When the platform stopped the server in the meantime there is nothing left to ask or to stop.
    const inUse = await isServerInUse(client).catch(() => true);
    await client.end().catch(() => undefined);
    if (!inUse) await stopServer(server.pid, context);
  });
}

/**
 * Deletes a data folder with its database, wherever that is kept, after stopping a server left on it. For tests and
 * for starting over; everything in the folder is lost.
 */
export async function deleteEmbeddedPostgres(dataDirectory: string): Promise<void> {
  const folder = openDataFolder(dataDirectory);
  await withStartLock(folder, async () => {
    const record = readRecord(folder);
    if (record) {
      const place = recordedPlace(folder, record);
      const leftover = findServer(place.cluster);
      if (leftover) await endServer(leftover.pid);
      rmSync(place.home, { recursive: true, force: true });
    }
    rmSync(folder, { recursive: true, force: true });
  });
}
