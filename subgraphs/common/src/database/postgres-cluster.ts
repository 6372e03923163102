import { spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, openSync, closeSync, fsyncSync, readFileSync, writeFileSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterPlace } from './cluster-place.js';
import { DatabaseStartError } from './database-start.error.js';
import type { PostgresAccount } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';
import { programOptions } from './postgres-process.js';

/** The database user that owns everything, and the name of the database. */
export const DATABASE_NAME = 'hutong';

const STAGING = 'postgres.making-';

/**
 * Character classes for the parts of PostgreSQL that ask the C library and not the built-in collation: with plain `C`
 * pg_trgm drops every letter beyond ASCII, and text search finds no 中文. Not every system has the first two.
 */
const CHARACTER_CLASSES = ['C.UTF-8', 'en_US.UTF-8', 'C'];

/**
 * Makes a new, empty cluster: UTF-8 with the built-in C.UTF-8 collation (the same order on every system), checksums,
 * scram passwords. It is made beside its place and moved there when finished, so one that was cut off is never taken
 * for a database; such remains are deleted here. Throws CREATE_FAILED with what initdb said.
 */
export async function createCluster(
  place: ClusterPlace,
  password: string,
  binaries: PostgresBinaries,
  account: PostgresAccount | undefined,
): Promise<void> {
  await removeRemains(place.home);
  const staging = mkdtempSync(path.join(place.home, STAGING));
  const passwordFile = path.join(staging, 'password');
  writeFileSync(passwordFile, `${password}\n`, { mode: 0o600 });
  if (account) for (const owned of [staging, passwordFile]) chownSync(owned, account.uid, account.gid);
  const made = path.join(staging, 'cluster');
  try {
    await initialise(made, passwordFile, binaries, account);
    await rename(made, place.cluster);
    syncFolder(place.home);
  } finally {
    await removeFolder(staging);
  }
}

async function initialise(
  made: string,
  passwordFile: string,
  binaries: PostgresBinaries,
  account: PostgresAccount | undefined,
): Promise<void> {
  let output = '';
  for (const characterClass of CHARACTER_CLASSES) {
    const args = [
      `--pgdata=${made}`,
      `--username=${DATABASE_NAME}`,
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      `--lc-ctype=${characterClass}`,
    ];
    const result = await run(binaries.initdb, args, account, path.dirname(made));
    if (result.code === 0) return;
    output = result.output;
    if (!output.includes('invalid locale name')) break;
  }
  if (output.includes('could not look up effective user ID')) {
    throw new DatabaseStartError(
      'ACCOUNT_MISSING',
      `PostgreSQL creates a database only for a user with a name, and user id ${process.geteuid?.()} has none in /etc/passwd: add it there, start as another user, or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  throw new DatabaseStartError(
    'CREATE_FAILED',
    `The database could not be created in ${path.dirname(path.dirname(made))}: ${lastLines(output)}`,
  );
}

function run(
  program: string,
  args: readonly string[],
  account: PostgresAccount | undefined,
  home: string,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...programOptions(account, home), stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('error', (error) => resolve({ code: -1, output: `${program}: ${error.message}` }));
    child.once('close', (code, signal) => resolve({ code, output: signal ? `${output}\nended by ${signal}` : output }));
  });
}

/** The end of a program's output, in one line. */
export function lastLines(output: string, count = 4): string {
  return output
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
    .slice(-count)
    .join(' · ');
}

async function removeRemains(home: string): Promise<void> {
  mkdirSync(home, { recursive: true });
  for (const name of await readdir(home)) {
    if (name.startsWith(STAGING)) await removeFolder(path.join(home, name));
  }
}

/** The initdb of a killed start may still be writing for a moment, so emptying its folder can take several tries. */
async function removeFolder(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
}

function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Throws FOLDER_UNUSABLE when the cluster was made by a PostgreSQL of another major version than these binaries. */
export function checkVersion(place: ClusterPlace, binaries: PostgresBinaries): void {
  const made = readFileSync(path.join(place.cluster, 'PG_VERSION'), 'utf8').trim();
  const major = binaries.version.split('.')[0];
  if (made === major) return;
  throw new DatabaseStartError(
    'FOLDER_UNUSABLE',
    `The database in ${place.cluster} was made by PostgreSQL ${made}, and this Hutong brings PostgreSQL ${major}: move the data over with pg_dump and pg_restore, or set HUTONG_DATA_DIR to a new folder.`,
  );
}
