import { chownSync, closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import path from 'node:path';

/** Size from which the log of earlier runs is put aside at a start, in bytes. */
const FULL = 10 * 1024 * 1024;

/** The server's log in a data folder, opened for one start. */
export interface ServerLog {
  /** Absolute path of `postgres.log`. */
  readonly file: string;
  /** Descriptor that the server writes to. */
  readonly descriptor: number;
  /** What the server has written since the log was opened, at most 64 KB. */
  written(): string;
  /** Closes our descriptor; the server keeps its own. */
  close(): void;
}

/** Opens `<folder>/postgres.log` for appending; one of 10 MB or more becomes `postgres.log.1` first, replacing the last. */
export function openServerLog(folder: string): ServerLog {
  const file = path.join(folder, 'postgres.log');
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size >= FULL) renameSync(file, `${file}.1`);
  const descriptor = openSync(file, 'a', 0o600);
  if (process.geteuid?.() === 0) {
    const { uid, gid } = statSync(folder);
    chownSync(file, uid, gid);
  }
  const start = fstatSync(descriptor).size;
  return {
    file,
    descriptor,
    written: () => readFrom(file, start),
    close: () => closeSync(descriptor),
  };
}

function readFrom(file: string, position: number): string {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(64 * 1024);
    return buffer.toString('utf8', 0, readSync(handle, buffer, 0, buffer.length, position));
  } finally {
    closeSync(handle);
  }
}
