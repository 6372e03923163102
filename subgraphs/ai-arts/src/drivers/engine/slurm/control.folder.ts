import { randomUUID } from 'node:crypto';
import { constants } from 'node:fs';
import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import type { EngineJobReference } from '../engine.js';

/** A job, and its folder, which others may have used before it. */
export type PlacedJob = Pick<EngineJobReference, 'id' | 'folder'>;

const NO_LINKS = constants.O_NOFOLLOW | constants.O_NONBLOCK;
/** No record is longer. */
const LONGEST_RECORD = 4_096;

/** The folder in a job's folder by which we and the batch script tell each other of it; see slurm/job.sh. */
export const controlFolderOf = ({ id, folder }: PlacedJob): string => path.join(folder, `.slurm-${id}`);

/** What a task has written. */
export const logPath = (job: PlacedJob, task: number): string => path.join(controlFolderOf(job), `log.${task}`);

/**
 * That folder, opened. The job may put there what it likes, also links to what only we may read or write: so files are
 * reached through the open folder, and only those that are files with no other name.
 */
export class ControlFolder {
  private constructor(private readonly handle: FileHandle) {}

  /** Undefined when it is not there. */
  static async open(job: PlacedJob): Promise<ControlFolder | undefined> {
    try {
      return new ControlFolder(await open(controlFolderOf(job), constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW));
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
  }

  /** @throws ENOENT when the job's folder is not there */
  static async make(job: PlacedJob): Promise<ControlFolder> {
    await mkdir(controlFolderOf(job), { mode: 0o700 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    const made = await ControlFolder.open(job);
    if (!made) throw new Error(`${path.basename(controlFolderOf(job))} in the job's folder is not a folder`);
    return made;
  }

  /** Undefined when there is no such file, or none that is only ours. */
  async file(name: string): Promise<FileHandle | undefined> {
    let file: FileHandle;
    try {
      file = await open(this.#path(name), constants.O_RDONLY | NO_LINKS);
    } catch (error) {
      if (isAbsent(error)) return undefined;
      throw error;
    }
    const { nlink } = await file.stat().then((stat) => (stat.isFile() ? stat : { nlink: 0 }));
    if (nlink === 1) return file;
    await file.close();
    return undefined;
  }

  /** The words of a record; undefined when there is none. */
  async words(name: string): Promise<string[] | undefined> {
    const file = await this.file(name);
    if (!file) return undefined;
    try {
      const { bytesRead, buffer } = await file.read(Buffer.alloc(LONGEST_RECORD), 0, LONGEST_RECORD, 0);
      return buffer.toString('utf8', 0, bytesRead).trim().split(/\s+/);
    } finally {
      await file.close();
    }
  }

  /**
   * Writes a file whole or not at all; it belongs to whom the folder belongs. A crash of the machine may lose it: then a
   * job may be submitted twice, of which one runs, or is to be stopped again.
   */
  async write(name: string, content: string | Buffer): Promise<void> {
    const { uid, gid } = await this.handle.stat();
    const temporary = `${name}.${randomUUID()}`;
    const file = await open(this.#path(temporary), constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | NO_LINKS, 0o600);
    try {
      if (process.geteuid?.() === 0) await file.chown(uid, gid);
      await file.writeFile(content);
    } finally {
      await file.close();
    }
    await rename(this.#path(temporary), this.#path(name));
  }

  async close(): Promise<void> {
    await this.handle.close();
  }

  #path(name: string): string {
    return `/proc/self/fd/${this.handle.fd}/${name}`;
  }
}

/** Also a link where a folder or file should be: a job did that, and has no file for us. */
function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '');
}
