import { watch, type FSWatcher } from 'node:fs';
import { mkdir, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** Tells every process of this host that watches the folder which job has changed, through a file of the job's id that is touched. */
export class ChangeFeed {
  private readonly listeners = new Set<(id: string) => void>();
  private watcher: FSWatcher | undefined;

  constructor(private readonly folder: string) {}

  async open(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    this.watcher = watch(this.folder, (_, id) => {
      if (id !== null) for (const heard of this.listeners) heard(id);
    });
    // What is missed is found by whoever looks again later.
    this.watcher.on('error', () => this.watcher?.close());
  }

  listen(heard: (id: string) => void): () => void {
    const listener = (id: string) => heard(id);
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** The file to touch for a job. */
  file(id: string): string {
    return path.join(this.folder, id);
  }

  async touch(id: string): Promise<void> {
    const now = new Date();
    await utimes(this.file(id), now, now).catch(() => writeFile(this.file(id), '', { mode: 0o600 }));
  }

  async forget(id: string): Promise<void> {
    await rm(this.file(id), { force: true });
  }

  close(): void {
    this.watcher?.close();
    this.listeners.clear();
  }
}
