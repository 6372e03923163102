import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import path from 'node:path';
import { ENDED, KEEPER, RUNNING, STOP } from './job.folder.js';
import type { EndRecord, KeeperRecord, RunningRecord, StopRecord } from './keeper.plan.js';

/** More than any end takes as JSON. */
const END_BYTES = 4096;
const AGAIN_MS = 1_000;

/** What a keeper writes down of its job, in the job's engine folder. */
export class KeeperFiles {
  constructor(
    private readonly folder: string,
    private readonly changed: string,
  ) {}

  /** Makes this the job's one keeper; false when another is. Room for the end is taken, so that a disk that fills up cannot hide it. */
  claim(record: KeeperRecord): boolean {
    const part = this.file(`${KEEPER}.${process.pid}`);
    writeSynced(part, JSON.stringify(record));
    try {
      linkSync(part, this.file(KEEPER));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      rmSync(part);
    }
    writeFileSync(this.endPart, ' '.repeat(END_BYTES), { mode: 0o600 });
    syncFolder(this.folder);
    this.tell();
    return true;
  }

  /** Shows the job as running; should the disk be full, it is seen to have run when it has ended. */
  running(record: RunningRecord): void {
    const part = this.file(`${RUNNING}.part`);
    try {
      writeFileSync(part, JSON.stringify(record), { mode: 0o600 });
      renameSync(part, this.file(RUNNING));
    } catch (error) {
      console.error(error);
    }
    this.tell();
  }

  /** What was asked of the job, or null. */
  stop(): StopRecord | null {
    try {
      return JSON.parse(readFileSync(this.file(STOP), 'utf8')) as StopRecord;
    } catch {
      return null;
    }
  }

  /** Writes the end down, and tries until that has succeeded. */
  async ended(record: EndRecord): Promise<void> {
    for (;;) {
      try {
        writeSynced(this.endPart, JSON.stringify(record).padEnd(END_BYTES), 'r+');
        renameSync(this.endPart, this.file(ENDED));
        syncFolder(this.folder);
        break;
      } catch (error) {
        console.error(error);
        await delay(AGAIN_MS);
      }
    }
    this.tell();
  }

  /** Wakes who watches. */
  private tell(): void {
    try {
      writeFileSync(this.changed, '', { mode: 0o600 });
    } catch (error) {
      // It is found out a little later, too.
      console.error(error);
    }
  }

  private get endPart(): string {
    return this.file(`${ENDED}.part`);
  }

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

function writeSynced(file: string, text: string, flags = 'w'): void {
  const handle = openSync(file, flags, 0o600);
  try {
    writeSync(handle, text, 0);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
