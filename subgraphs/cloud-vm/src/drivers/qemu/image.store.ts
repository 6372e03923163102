import { copyFile, link, mkdir, readdir, readFile, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { CloudError, type CloudImage, type DriverLog, type SnapshotSpec } from '../driver.js';
import { putInPlace, writeDurably } from './durable.file.js';
import type { HostPrograms } from './host.programs.js';
import type { DirectBoot, MachineFolder } from './machine.folder.js';
import { readQcow2Header } from './qcow2.header.js';

const beside = z.string().refine((name) => name === path.basename(name) && name !== '..', 'expected the name of a file in the same folder');

/** `<image>.json` beside `<image>.qcow2`. Without one the disk boots itself and is named like its file. */
const manifestSchema = z.object({
  name: z.string().min(1).optional(),
  /** Files that QEMU boots in place of the disk's own loader. */
  kernel: beside.optional(),
  initrd: beside.optional(),
  commandLine: z.string().optional(),
  /** Whether it was made from a machine, and may be deleted as such. */
  snapshot: z.boolean().optional(),
});

type Manifest = z.infer<typeof manifestSchema>;

/** An image with what is needed to make a machine of it. */
export interface StoredImage extends CloudImage {
  disk: string;
  diskBytes: number;
  kernel: string | null;
  initrd: string | null;
  commandLine: string;
}

const DISK = '.qcow2';

/** The images of this host: every bootable `*.qcow2` in a folder, looked for at each call. */
export class ImageStore {
  /** Files already told to the log. */
  private readonly told = new Set<string>();

  constructor(
    private readonly folder: string,
    private readonly programs: HostPrograms,
    private readonly log: DriverLog,
  ) {}

  /** By name; those that cannot be used are left out and told to the log. */
  async list(): Promise<StoredImage[]> {
    const names = (await readdir(this.folder).catch(() => [])).filter((name) => name.endsWith(DISK) && !name.startsWith('.'));
    const images = await Promise.all(names.map((name) => this.read(name.slice(0, -DISK.length))));
    return images.filter((image) => image !== null).toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id));
  }

  /** INVALID_IMAGE when there is none of this id. */
  async get(id: string): Promise<StoredImage> {
    const image = (await this.list()).find((one) => one.id === id);
    if (!image) throw new CloudError('INVALID_IMAGE', `there is no image ${id.slice(0, 80)}; place a bootable ${DISK} file in ${this.folder}`);
    return image;
  }

  /**
   * Makes the image's files a machine's own, so that the machine goes on when the image is deleted or replaced: by a
   * hard link, or where that cannot be (another file system) by a copy.
   */
  async lend(image: StoredImage, machine: MachineFolder): Promise<void> {
    await linkOrCopy(image.disk, machine.base);
    if (image.kernel) await linkOrCopy(image.kernel, machine.kernel);
    if (image.initrd) await linkOrCopy(image.initrd, machine.initrd);
  }

  /** Makes an image of a machine's disk, in which nothing is written meanwhile; an image of this id is answered as it is. */
  async add(snapshot: SnapshotSpec, machine: MachineFolder, disk: string, boot: DirectBoot | null, signal: AbortSignal): Promise<CloudImage> {
    await mkdir(this.folder, { recursive: true });
    const part = this.partOf(snapshot.id);
    // QEMU may still have the file open for its next snapshot (-U); the format is told, never guessed from what a guest wrote.
    await this.programs.run('qemu-img', ['convert', '-U', '-f', 'qcow2', '-O', 'qcow2', disk, part], signal);
    const manifest: Manifest = { name: snapshot.name, snapshot: true };
    if (boot) {
      manifest.commandLine = boot.commandLine;
      manifest.kernel = `${snapshot.id}.kernel`;
      await linkOrCopy(machine.kernel, this.file(manifest.kernel));
      if (boot.initrd) {
        manifest.initrd = `${snapshot.id}.initrd`;
        await linkOrCopy(machine.initrd, this.file(manifest.initrd));
      }
    }
    await writeDurably(this.file(`${snapshot.id}.json`), JSON.stringify(manifest, null, 2));
    await putInPlace(part, this.file(`${snapshot.id}${DISK}`));
    return this.get(snapshot.id);
  }

  /** Deletes what `add` made or began to make; CONFLICT when the image is none of its. */
  async remove(snapshotId: string): Promise<void> {
    const isImage = (await stat(this.file(`${snapshotId}${DISK}`)).catch(() => null)) !== null;
    if (isImage && !(await this.manifestOf(snapshotId))?.snapshot) throw new CloudError('CONFLICT', `the image ${snapshotId} is not a snapshot of a machine`);
    // The disk first: without it the rest is no image any more, or not yet.
    const files = [DISK, '.kernel', '.initrd', '.json.part', '.json'].map((end) => this.file(`${snapshotId}${end}`));
    for (const file of [...files, this.partOf(snapshotId)]) await rm(file, { force: true });
  }

  private async read(id: string): Promise<StoredImage | null> {
    const disk = this.file(`${id}${DISK}`);
    const [header, facts, manifest] = await Promise.all([readQcow2Header(disk), stat(disk).catch(() => null), this.manifestOf(id)]);
    // A disk that names another file would have QEMU open that file for the guest.
    if (!header?.standsAlone || !facts || !manifest) {
      if (facts && manifest) this.warnOnce(disk, 'this is no image: not a qcow2 file, or one that needs another file behind it');
      return null;
    }
    return {
      id,
      name: manifest.name ?? id,
      sizeBytes: facts.size,
      createdAt: facts.mtime,
      disk,
      diskBytes: header.diskBytes,
      kernel: manifest.kernel ? this.file(manifest.kernel) : null,
      initrd: manifest.initrd ? this.file(manifest.initrd) : null,
      commandLine: manifest.commandLine ?? '',
    };
  }

  /** Null when there is one that cannot be understood. */
  private async manifestOf(id: string): Promise<Manifest | null> {
    const file = this.file(`${id}.json`);
    const text = await readFile(file, 'utf8').catch(() => null);
    if (text === null) return {};
    try {
      return manifestSchema.parse(JSON.parse(text));
    } catch (error) {
      this.warnOnce(file, `the manifest of an image cannot be read, so the image is left out: ${(error as Error).message}`);
      return null;
    }
  }

  private warnOnce(file: string, message: string): void {
    if (this.told.has(file)) return;
    this.told.add(file);
    this.log.warn({ file }, message);
  }

  private partOf(snapshotId: string): string {
    return this.file(`.${snapshotId}.part`);
  }

  private file(name: string): string {
    return path.join(this.folder, name);
  }
}

async function linkOrCopy(from: string, to: string): Promise<void> {
  const source = await realpath(from).catch((error: unknown) => {
    throw new CloudError('INVALID_IMAGE', `the image needs ${path.basename(from)} beside it, which is not there`, { cause: error });
  });
  const part = `${to}.part`;
  await rm(part, { force: true });
  await link(source, part).catch(() => copyFile(source, part));
  await putInPlace(part, to);
}
