import { mkdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { choosePlace, findPlace } from './cluster-place.js';
import type { ClusterPlace } from './cluster-place.js';
import { newPassword, readRecord, writeRecord } from './database-record.js';
import type { DatabaseRecord } from './database-record.js';
import { DatabaseStartError } from './database-start.error.js';
import { canReach, findAccount, giveTo, isRoot, ownerOf } from './postgres-account.js';
import type { PostgresAccount } from './postgres-account.js';
import { findBinaries } from './postgres-binaries.js';
import { checkVersion, createCluster } from './postgres-cluster.js';
import { startServer, stopServer } from './postgres-server.js';
import type { RunningServer, ServerContext } from './postgres-server.js';
import { disownStalePid, findServer } from './postmaster-pid.js';
import { reachableBinaries } from './reachable-binaries.js';
import { answeringPort, databaseUrl, ensureDatabase } from './server-access.js';

/** Told what happens while the database is brought up; one line each, for the terminal. */
export type Progress = (message: string) => void;

/** Where unusual events go; a pino logger fits. */
export interface DatabaseLog {
  info(message: string): void;
  warn(message: string): void;
}

/** A log for callers that want none. */
export const silentLog: DatabaseLog = { info: () => undefined, warn: () => undefined };

/** A data folder's server, running and with its database made. */
export interface RunningDatabase {
  readonly server: RunningServer;
  /** True when it ran before, started by a process that was killed or that runs beside us. */
  readonly adopted: boolean;
  readonly url: string;
  readonly context: ServerContext;
}

/** Makes the data folder if need be and names it without symbolic links, so that one folder has one name. */
export function openDataFolder(dataDirectory: string): string {
  try {
    // PostgreSQL's account has to enter a root's data folder; what is secret in it is a file of mode 0600.
    mkdirSync(dataDirectory, { recursive: true, mode: isRoot() ? 0o755 : 0o700 });
    return realpathSync(dataDirectory);
  } catch (error) {
    throw new DatabaseStartError(
      'FOLDER_UNUSABLE',
      `The data folder ${path.resolve(dataDirectory)} cannot be made (${(error as NodeJS.ErrnoException).code}): set HUTONG_DATA_DIR to a folder that you may write to.`,
      { cause: error },
    );
  }
}

/**
 * Brings the server of a data folder up: adopts the one that runs, or makes what is missing and starts one. Must be
 * called inside `withStartLock`. `folder` comes from {@link openDataFolder}.
 */
export async function bringUp(folder: string, onProgress: Progress, log: DatabaseLog): Promise<RunningDatabase> {
  const known = readRecord(folder);
  const found = findPlace(folder, known);
  const account = isRoot() ? accountFor(found) : undefined;
  const binaries = await runnableBinaries(account, onProgress);
  if (found && known) {
    const context = { folder, place: found, binaries, account };
    checkVersion(found, binaries);
    if (!known.created) writeRecord(folder, { ...known, created: true });
    return (await adopt(context, known, log)) ?? (await start(context, known));
  }
  onProgress('Creating the database…');
  const place = await choosePlace(folder, account, async (from, to) => {
    const leftover = findServer(from);
    if (leftover) await stopServer(leftover.pid);
    log.warn(`The database of an earlier data folder at ${folder} was kept: it is now at ${to}.`);
  });
  const record: DatabaseRecord = {
    password: known?.password ?? newPassword(),
    ...(place.home !== folder && { home: place.home }),
  };
  writeRecord(folder, record);
  await createCluster(place, record.password, binaries, account);
  const created = { ...record, created: true };
  writeRecord(folder, created);
  return start({ folder, place, binaries, account }, created);
}

function accountFor(place: ClusterPlace | undefined): PostgresAccount {
  const owner = place && ownerOf(place.cluster);
  const account = owner ?? findAccount();
  if (place && !owner) giveTo(account, place.cluster);
  if (place && !canReach(account, place.home)) {
    throw new DatabaseStartError(
      'FOLDER_UNUSABLE',
      `The database at ${place.cluster} runs as the user ${account.name}, who may not enter ${place.home}: open that folder and those above it to others again (chmod a+x).`,
    );
  }
  return account;
}

async function runnableBinaries(account: PostgresAccount | undefined, onProgress: Progress): ReturnType<typeof findBinaries> {
  const binaries = await findBinaries();
  if (!account) return binaries;
  return reachableBinaries(binaries, account, () =>
    onProgress(`Copying PostgreSQL to where the user ${account.name} can run it…`),
  );
}

async function adopt(context: ServerContext, record: DatabaseRecord, log: DatabaseLog): Promise<RunningDatabase | undefined> {
  const leftover = findServer(context.place.cluster);
  if (!leftover) return undefined;
  const port = await answeringPort(context.place.cluster, record.password);
  if (port === undefined) {
    if (findServer(context.place.cluster)) {
      log.warn(`The database server of an earlier run (process ${leftover.pid}) does not answer and is stopped.`);
      await stopServer(leftover.pid, context);
    }
    return undefined;
  }
  return opened(context, { pid: leftover.pid, port }, record, true);
}

async function start(context: ServerContext, record: DatabaseRecord): Promise<RunningDatabase> {
  disownStalePid(context.place.cluster);
  const server = await startServer(context, record.port);
  try {
    return await opened(context, server, record, false);
  } catch (error) {
    await stopServer(server.pid, context);
    throw error;
  }
}

async function opened(
  context: ServerContext,
  server: RunningServer,
  record: DatabaseRecord,
  adopted: boolean,
): Promise<RunningDatabase> {
  if (record.port !== server.port) writeRecord(context.folder, { ...record, port: server.port });
  await ensureDatabase(server.port, record.password);
  return { server, adopted, url: databaseUrl(server.port, record.password), context };
}
