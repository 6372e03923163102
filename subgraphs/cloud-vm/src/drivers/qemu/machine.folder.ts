import { mkdir, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { CloudFlavor, MachineSpec } from '../driver.js';
import { writeDurably } from './durable.file.js';

/** What is to be known of a machine to run it, kept as `machine.json` in its folder. */
export interface MachineRecord {
  spec: MachineSpec;
  flavor: Pick<CloudFlavor, 'cpus' | 'memoryBytes' | 'diskBytes'>;
  /** Null: the disk boots itself. */
  boot: DirectBoot | null;
  /** The loopback address that is this machine's alone. */
  address: string;
  /** Which port of the address leads to which of the guest's. */
  ports: readonly PortMapping[];
  /** Whether the launch is over: from then on a machine without a process is one that was shut down. */
  launched: boolean;
}

/** A kernel beside the disk, which QEMU boots in place of the disk's own loader. */
export interface DirectBoot {
  commandLine: string;
  /** Whether there is an initial ramdisk, too. */
  initrd: boolean;
}

export interface PortMapping {
  guestPort: number;
  hostPort: number;
}

const RECORD = 'machine.json';

/** The folder of one machine: all that it has on this host but its process. */
export class MachineFolder {
  readonly path: string;

  constructor(
    machines: string,
    readonly id: string,
  ) {
    this.path = path.join(machines, id);
  }

  file(name: string): string {
    return path.join(this.path, name);
  }

  /** The overlay over `base.qcow2`. */
  get disk(): string {
    return this.file('disk.qcow2');
  }

  /** The image that the machine was made of; stays when the image is deleted or replaced. */
  get base(): string {
    return this.file('base.qcow2');
  }

  /** Where QEMU puts the copy for a snapshot; empty at other times. */
  get snapshot(): string {
    return this.file('snapshot.qcow2');
  }

  get kernel(): string {
    return this.file('kernel');
  }

  get initrd(): string {
    return this.file('initrd');
  }

  /** What QEMU printed, its last words when it failed. */
  get qemuLog(): string {
    return this.file('qemu.log');
  }

  /** What the guest wrote to its first serial port. */
  get consoleLog(): string {
    return this.file('console.log');
  }

  /** Null when there is no folder, or none that was ever finished. */
  async read(): Promise<MachineRecord | null> {
    const text = await readFile(this.file(RECORD), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    return text === null ? null : (JSON.parse(text) as MachineRecord);
  }

  async write(record: MachineRecord): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await writeDurably(this.file(RECORD), JSON.stringify(record, null, 2));
  }

  /** Null when there is no folder. */
  async createdAt(): Promise<Date | null> {
    const facts = await stat(this.path).catch(() => null);
    if (!facts) return null;
    // Some file systems do not know when a folder was made.
    return facts.birthtimeMs > 0 ? facts.birthtime : facts.mtime;
  }

  /** Gives back what a copy for a snapshot took; QEMU goes on having the file open. */
  async emptySnapshot(): Promise<void> {
    await truncate(this.snapshot, 0);
  }

  /** The record stays until the rest is gone, so that the machine's address is nobody else's before. */
  async remove(): Promise<void> {
    const names = await readdir(this.path).catch(() => []);
    for (const name of names) if (name !== RECORD) await rm(this.file(name), { recursive: true, force: true });
    await rm(this.path, { recursive: true, force: true });
  }
}

/** The folders of all machines, finished or not. */
export async function machineFolders(machines: string): Promise<MachineFolder[]> {
  const entries = await readdir(machines, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => new MachineFolder(machines, entry.name));
}
