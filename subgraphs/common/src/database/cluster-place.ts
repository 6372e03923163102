import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readRecord } from './database-record.js';
import type { DatabaseRecord } from './database-record.js';
import { DatabaseStartError } from './database-start.error.js';
import { canReach } from './postgres-account.js';
import type { PostgresAccount } from './postgres-account.js';
import { makeOpenFolder, SYSTEM_FOLDER } from './reachable-binaries.js';

/** Where the cluster of a data folder lies. */
export interface ClusterPlace {
  /** Folder in which the cluster is made; the data folder itself, or one under `/var/lib/hutong`. */
  readonly home: string;
  /** The cluster, PostgreSQL's own data folder: `<home>/postgres`. */
  readonly cluster: string;
}

/** File in a home outside of the data folder that says whose it is. */
const OWNER_FILE = 'data-folder';

/** Whether a finished cluster lies in this folder. */
function isCluster(folder: string): boolean {
  return existsSync(path.join(folder, 'PG_VERSION'));
}

/** The place that a record names, whether or not a cluster is there. */
export function recordedPlace(folder: string, record: DatabaseRecord): ClusterPlace {
  const home = record.home ?? folder;
  return { home, cluster: path.join(home, 'postgres') };
}

/**
 * Finds the cluster that a data folder already has; undefined when it has none yet. Throws FOLDER_UNUSABLE when the
 * cluster was lost, has lost its password, or is another folder's of which this one is a copy.
 */
export function findPlace(folder: string, record: DatabaseRecord | undefined): ClusterPlace | undefined {
  if (!record) {
    if (!isCluster(path.join(folder, 'postgres'))) return undefined;
    throw new DatabaseStartError(
      'FOLDER_UNUSABLE',
      `The data folder ${folder} holds a database, but its password (database.json) is missing: restore that file, or set HUTONG_DATA_DIR to a new folder.`,
    );
  }
  const place = recordedPlace(folder, record);
  if (isCluster(place.cluster)) {
    if (place.home !== folder) claim(place.home, folder);
    return place;
  }
  if (!record.created) return undefined;
  throw new DatabaseStartError(
    'FOLDER_UNUSABLE',
    `The database of the data folder ${folder} was at ${place.cluster} and is gone: restore it, or delete ${path.join(folder, 'database.json')} to start with an empty one.`,
  );
}

/** Whether a home is the data folder itself, or one outside that was made for it and not for a folder it was copied from. */
export function ownsHome(home: string, folder: string): boolean {
  if (home === folder) return true;
  const file = path.join(home, OWNER_FILE);
  return existsSync(file) && readFileSync(file, 'utf8').trim() === folder;
}

/** A moved data folder keeps its database; a copied one must not write to the original's. */
function claim(home: string, folder: string): void {
  const file = path.join(home, OWNER_FILE);
  const owner = existsSync(file) ? readFileSync(file, 'utf8').trim() : folder;
  if (owner !== folder && existsSync(owner) && readRecord(owner)?.home === home) {
    throw new DatabaseStartError(
      'FOLDER_UNUSABLE',
      `The data folder ${folder} is a copy of ${owner}, whose database at ${home} was not copied with it: delete ${path.join(folder, 'database.json')} to start with an empty database.`,
    );
  }
  writeFileSync(file, `${folder}\n`);
}

/**
 * Chooses where a new cluster goes: the data folder itself, or, when `account` cannot enter that, a folder under
 * `/var/lib/hutong` named by a hash of the data folder's path. A cluster that an earlier, since deleted data folder left
 * there is set aside and never deleted; `onSetAside` gets its old place first, to stop its server, and its new one.
 */
export async function choosePlace(
  folder: string,
  account: PostgresAccount | undefined,
  onSetAside: (from: string, to: string) => Promise<void>,
  systemFolder: string = SYSTEM_FOLDER,
): Promise<ClusterPlace> {
  if (!account || canReach(account, folder)) return { home: folder, cluster: path.join(folder, 'postgres') };
  const home = path.join(systemFolder, createHash('sha256').update(folder).digest('hex').slice(0, 12));
  const cluster = path.join(home, 'postgres');
  if (isCluster(cluster)) {
    const aside = `${home}-set-aside-${Date.now()}`;
    await onSetAside(cluster, path.join(aside, 'postgres'));
    renameSync(home, aside);
  }
  makeOpenFolder(systemFolder);
  makeOpenFolder(home);
  if (!canReach(account, home)) {
    throw new DatabaseStartError(
      'FOLDER_UNUSABLE',
      `PostgreSQL runs as the user ${account.name}, who can enter neither ${folder} nor ${home}: set HUTONG_DATA_DIR to a folder open to that user, or set DATABASE_URL to a PostgreSQL of your own.`,
    );
  }
  writeFileSync(path.join(home, OWNER_FILE), `${folder}\n`);
  return { home, cluster };
}
