import { randomBytes } from 'node:crypto';
import { chownSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DatabaseStartError } from './database-start.error.js';

/** What a data folder remembers of its embedded database, in `database.json`, readable by its owner only. */
export interface DatabaseRecord {
  /** Password of the database user `hutong`, made at random. */
  readonly password: string;
  /** Port of the last run, taken again while it is free. */
  readonly port?: number;
  /** Folder that holds the cluster when that is not the data folder itself. */
  readonly home?: string;
  /** True once the cluster was made; a cluster missing after that is a loss and not a first start. */
  readonly created?: boolean;
}

const FILE = 'database.json';

/** Reads the record; undefined on a first start. Throws FOLDER_UNUSABLE when it is damaged or another user's. */
export function readRecord(folder: string): DatabaseRecord | undefined {
  const file = path.join(folder, FILE);
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as Partial<DatabaseRecord>;
    if (typeof record.password === 'string') return record as DatabaseRecord;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    if (code === 'EACCES') {
      throw new DatabaseStartError(
        'FOLDER_UNUSABLE',
        `The data folder ${folder} belongs to another user (${file} cannot be read): start as that user, or set HUTONG_DATA_DIR to a folder of your own.`,
        { cause: error },
      );
    }
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new DatabaseStartError(
    'FOLDER_UNUSABLE',
    `${file} is damaged, and with it the password of the database: restore it, or set HUTONG_DATA_DIR to a new folder.`,
  );
}

/** Replaces the record in one step, for its owner only; a record written by root belongs to the folder's owner. */
export function writeRecord(folder: string, record: DatabaseRecord): void {
  const file = path.join(folder, FILE);
  const staging = `${file}.${process.pid}`;
  rmSync(staging, { force: true });
  writeFileSync(staging, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flush: true });
  if (process.geteuid?.() === 0) {
    const { uid, gid } = statSync(folder);
    chownSync(staging, uid, gid);
  }
  renameSync(staging, file);
}

/** A new password of 192 random bits that needs no escaping in a URL. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}
