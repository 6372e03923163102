import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { chmod, cp, lstat, readdir, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { canReach } from './postgres-account.js';
import type { PostgresAccount } from './postgres-account.js';
import type { PostgresBinaries } from './postgres-binaries.js';

/** Where binaries and data are kept for a root whose own folders PostgreSQL's account cannot enter. */
export const SYSTEM_FOLDER = '/var/lib/hutong';

/** Makes a folder that everybody may enter, whatever our umask; one that exists is left as it is. */
export function makeOpenFolder(folder: string): void {
  if (mkdirSync(folder, { recursive: true })) chmodSync(folder, 0o755);
}

const COMPLETE_MARK = 'hutong-complete.json';

/**
 * The same binaries at a place where the account can read and run them: where they are, or else a copy under
 * {@link SYSTEM_FOLDER}, made once a version. The copy appears whole or not at all and is checked for completeness
 * at every start. `onCopy` is called before copying, which takes about a second.
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  account: PostgresAccount,
  onCopy: () => void,
  systemFolder: string = SYSTEM_FOLDER,
): Promise<PostgresBinaries> {
  const samples: [string, number][] = [
    [binaries.postgres, 5],
    [binaries.initdb, 5],
    [path.join(binaries.folder, 'lib'), 5],
    [path.join(binaries.folder, 'share'), 5],
  ];
  if (samples.every(([file, permission]) => canReach(account, file, permission))) return binaries;
  const target = path.join(systemFolder, `postgresql-${binaries.version}-${process.platform}-${process.arch}`);
  if (!(await isComplete(target))) {
    onCopy();
    await copyWhole(binaries.folder, target);
  }
  const inTarget = (program: string): string => path.join(target, 'bin', path.basename(program));
  return {
    version: binaries.version,
    folder: target,
    postgres: inTarget(binaries.postgres),
    initdb: inTarget(binaries.initdb),
    pgCtl: inTarget(binaries.pgCtl),
  };
}

async function copyWhole(source: string, target: string): Promise<void> {
  makeOpenFolder(path.dirname(target));
  const staging = `${target}.copying-${process.pid}-${Date.now()}`;
  try {
    await cp(source, staging, { recursive: true, verbatimSymlinks: true });
    await openToAll(staging);
    await writeFile(path.join(staging, COMPLETE_MARK), JSON.stringify(await measure(staging)), { mode: 0o644 });
    await rm(target, { recursive: true, force: true });
    await rename(staging, target).catch(async (error: unknown) => {
      // Another data folder's start may have put the same copy there in the meantime.
      if (!(await isComplete(target))) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

/** npm under a strict umask leaves files that only root may read. */
async function openToAll(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(entry.parentPath, entry.name);
    if (entry.isSymbolicLink()) continue;
    const executable = entry.isDirectory() || ((await lstat(file)).mode & 0o100) !== 0;
    await chmod(file, executable ? 0o755 : 0o644);
  }
}

async function isComplete(target: string): Promise<boolean> {
  try {
    const mark = readFileSync(path.join(target, COMPLETE_MARK), 'utf8');
    return mark === JSON.stringify(await measure(target));
  } catch {
    return false;
  }
}

async function measure(folder: string): Promise<{ files: number; bytes: number }> {
  let files = 0;
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory() || entry.name === COMPLETE_MARK) continue;
    files += 1;
    if (entry.isFile()) bytes += statSync(path.join(entry.parentPath, entry.name)).size;
  }
  return { files, bytes };
}
