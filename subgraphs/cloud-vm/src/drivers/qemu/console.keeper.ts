import { open, rename, rm, stat, truncate } from 'node:fs/promises';
import { machineFolders } from './machine.folder.js';

/** A log that has grown beyond this is cut; its last part stays in `<log>.1`. */
const MOST_BYTES = 1024 ** 2;
const KEPT_BYTES = 256 * 1024;
const INTERVAL_MS = 5_000;

/** Keeps the logs of all machines, which their guests write to, from filling the disk while we run. */
export class ConsoleKeeper {
  private readonly timer: NodeJS.Timeout;
  private running: Promise<void> = Promise.resolve();

  constructor(private readonly machines: string) {
    this.timer = setInterval(() => {
      this.running = this.running.then(() => this.cutAll());
    }, INTERVAL_MS).unref();
  }

  /** Looks at every log once. */
  async cutAll(): Promise<void> {
    for (const folder of await machineFolders(this.machines)) {
      for (const file of [folder.consoleLog, folder.qemuLog]) await cut(file).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    await this.running;
  }
}

/** QEMU writes at the end of the file, wherever that is, so it can be emptied under it. */
async function cut(file: string): Promise<void> {
  const { size } = await stat(file);
  if (size <= MOST_BYTES) return;
  const handle = await open(file);
  const kept = `${file}.1`;
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(KEPT_BYTES), 0, KEPT_BYTES, size - KEPT_BYTES);
    await rm(`${kept}.part`, { force: true });
    const copy = await open(`${kept}.part`, 'wx', 0o600);
    try {
      await copy.writeFile(buffer.subarray(0, bytesRead));
    } finally {
      await copy.close();
    }
    await rename(`${kept}.part`, kept);
  } finally {
    await handle.close();
  }
  await truncate(file, 0);
}
