import type pg from 'pg';
import { DatabaseStartError } from './database-start.error.js';
import type { EmbeddedPostgresOptions } from './embedded-postgres.js';
import { stopServer } from './postgres-server.js';
import { bringUp, openDataFolder, silentLog } from './running-database.js';
import type { RunningDatabase } from './running-database.js';
import { isServerInUse, takeSessionLock } from './session-lock.js';
import { withStartLock } from './start-lock.js';

/** A database opened by {@link connectToEmbedded}. */
export interface EmbeddedConnection {
  /** Connection URL of the database `hutong`, password included: not for logs. */
  readonly url: string;
  /** Lets go of the server, and stops it when no platform and no other tool uses it. May be called again. */
  close(): Promise<void>;
}

/**
 * Opens the database of a data folder for a command-line tool, beside a running platform or without one: uses the
 * server that runs, or starts one for the time being, creating the database if need be. It never keeps a platform
 * from starting. Rejects like {@link startEmbeddedPostgres}, but never with ALREADY_RUNNING for a running platform.
 */
export async function connectToEmbedded(
  options: Pick<EmbeddedPostgresOptions, 'dataDirectory' | 'onProgress' | 'log'>,
): Promise<EmbeddedConnection> {
  const { onProgress = () => undefined, log = silentLog } = options;
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
