import { chmod, mkdir, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Job } from './job.entity.js';

/** Where the files of one job are; absolute paths. */
export interface JobFolder {
  /** All that belongs to it, and all that it may write in. */
  path: string;
  /** Its code, in which it is started. */
  work: string;
  /** What it is to leave behind. */
  output: string;
}

/** The folders of jobs, one for each below the data folder; made before the engine hears of a job and removed with its row. */
export class JobFolders {
  readonly #root: string;

  constructor(dataDirectory: string) {
    this.#root = path.join(dataDirectory, 'ai-arts', 'jobs');
  }

  of({ id }: Pick<Job, 'id'>): JobFolder {
    const folder = path.join(this.#root, id);
    return { path: folder, work: path.join(folder, 'work'), output: path.join(folder, 'output') };
  }

  /** Makes what is not there of a job's folder. */
  async make(job: Pick<Job, 'id'>): Promise<JobFolder> {
    const folder = this.of(job);
    await mkdir(folder.work, { recursive: true });
    await mkdir(folder.output, { recursive: true });
    // The users that jobs become enter here, and see nothing on the way; what else is below our folder is made for us alone.
    for (const open of [path.dirname(this.#root), this.#root]) await chmod(open, 0o711);
    return folder;
  }

  /** Removes a job's folder with all that is in it. */
  async remove(id: string): Promise<void> {
    await rm(path.join(this.#root, id), { recursive: true, force: true, maxRetries: 3 });
  }

  /** The ids of all jobs that have a folder, and when each folder was last changed. */
  async list(): Promise<{ id: string; changedAt: Date }[]> {
    const ids = await readdir(this.#root).catch(() => []);
    const found = await Promise.all(ids.map(async (id) => ({ id, changedAt: (await stat(path.join(this.#root, id)).catch(() => undefined))?.mtime })));
    return found.filter((folder): folder is { id: string; changedAt: Date } => folder.changedAt !== undefined);
  }
}
