import { access, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudError, type MachineSpec } from '../driver.js';
import { putInPlace } from './durable.file.js';
import type { HostPrograms } from './host.programs.js';
import type { ImageStore, StoredImage } from './image.store.js';
import { addressesFor, mapPorts } from './machine.address.js';
import { machineFolders, type MachineFolder, type MachineRecord } from './machine.folder.js';
import { findProcesses } from './machine.process.js';
import { PlaceTakenError, type MachineSupervisor } from './machine.supervisor.js';
import { flavorOf } from './qemu.flavors.js';
import type { QemuHost } from './qemu.host.js';

const ATTEMPTS = 8;
const ATTEMPT_PAUSE_MS = 100;

/** Gives machines their place on this host: memory, an address with ports, a folder with a disk, and a process. */
export class MachineSite {
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly machines: string,
    private readonly ports: readonly number[],
    private readonly host: QemuHost,
    private readonly images: ImageStore,
    private readonly programs: HostPrograms,
    private readonly supervisor: MachineSupervisor,
  ) {}

  /** Writes down what the machine will be, which takes its memory and its address; what is written is answered as it is. */
  async reserve(folder: MachineFolder, spec: MachineSpec): Promise<MachineRecord> {
    const written = await folder.read();
    if (written) return written;
    const flavor = flavorOf(spec.flavorId);
    const image = await this.images.get(spec.imageId);
    if (image.diskBytes > flavor.diskBytes) {
      throw new CloudError('INVALID_FLAVOR', `the disk of image ${image.name} has ${image.diskBytes} bytes, and flavor ${flavor.name} allows ${flavor.diskBytes}`);
    }
    return this.inTurn(async () => {
      const others = await this.others(folder.id);
      await this.host.reserve(flavor, others.filter(({ takesMemory }) => takesMemory).map(({ record }) => record));
      const record = { spec, flavor, boot: bootOf(image), launched: false, ...(await this.place(folder.id, others, null)) };
      await folder.write(record);
      return record;
    });
  }

  /** Makes the machine's disk, unless it is there: an overlay, so that it takes what the guest writes and no more. */
  async makeDisk(folder: MachineFolder, record: MachineRecord, signal: AbortSignal): Promise<void> {
    if (await exists(folder.disk)) return;
    await this.images.lend(await this.images.get(record.spec.imageId), folder);
    const part = `${folder.disk}.part`;
    await this.programs.run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', folder.base, part, String(record.flavor.diskBytes)], signal);
    await putInPlace(part, folder.disk);
  }

  /** Takes the memory of a stopped machine again; QUOTA when others have it. */
  async reserveAgain(folder: MachineFolder, record: MachineRecord): Promise<void> {
    const others = await this.others(folder.id);
    await this.host.reserve(record.flavor, others.filter(({ takesMemory }) => takesMemory).map((other) => other.record));
  }

  /**
   * Starts the machine's process. One that is being launched moves to another address when its own turns out to be
   * taken; later it keeps its address, and only ports may change.
   */
  async boot(folder: MachineFolder, record: MachineRecord, signal: AbortSignal): Promise<void> {
    let current = record.launched ? await this.mapAgain(folder, record) : record;
    for (let attempt = 1; ; attempt++) {
      await writeFile(folder.snapshot, '', { mode: 0o600 });
      try {
        await this.supervisor.start(folder, current, signal);
        return;
      } catch (error) {
        if (!(error instanceof PlaceTakenError)) throw error;
        if (attempt === ATTEMPTS) throw new CloudError('CONFLICT', error.message, { cause: error });
        await delay(ATTEMPT_PAUSE_MS, undefined, { signal });
        current = current.launched ? await this.mapAgain(folder, current) : await this.move(folder, current);
      }
    }
  }

  private async mapAgain(folder: MachineFolder, record: MachineRecord): Promise<MachineRecord> {
    const ports = await mapPorts(record.address, this.ports);
    if (!ports) throw new CloudError('CONFLICT', `ports of the machine's address ${record.address} are taken by another program`);
    const mapped = { ...record, ports };
    await folder.write(mapped);
    return mapped;
  }

  private move(folder: MachineFolder, record: MachineRecord): Promise<MachineRecord> {
    return this.inTurn(async () => {
      const moved = { ...record, ...(await this.place(folder.id, await this.others(folder.id), record.address)) };
      await folder.write(moved);
      return moved;
    });
  }

  /** An address that no other machine of ours has, the one after `taken` when that is given. */
  private async place(id: string, others: readonly Other[], taken: string | null): Promise<Pick<MachineRecord, 'address' | 'ports'>> {
    let passed = taken === null;
    let tried = 0;
    for (const address of addressesFor(id)) {
      if (!passed) {
        passed = address === taken;
        continue;
      }
      if (++tried > 256) break;
      if (others.some(({ record }) => record.address === address)) continue;
      const ports = await mapPorts(address, this.ports);
      if (ports) return { address, ports };
    }
    throw new CloudError('QUOTA', 'no address in 127.77.0.0/16 is free for the machine');
  }

  private async others(id: string): Promise<Other[]> {
    const [folders, processes] = await Promise.all([machineFolders(this.machines), findProcesses(this.machines)]);
    const records = await Promise.all(folders.filter((folder) => folder.id !== id).map((folder) => folder.read()));
    return records.filter((record) => record !== null).map((record) => ({ record, takesMemory: !record.launched || processes.has(record.spec.id) }));
  }

  /** One after the other: what is left is counted and taken before the next one counts. */
  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.last.then(work);
    this.last = result.catch(() => undefined);
    return result;
  }
}

interface Other {
  record: MachineRecord;
  takesMemory: boolean;
}

const bootOf = ({ kernel, initrd, commandLine }: StoredImage): MachineRecord['boot'] => (kernel === null ? null : { commandLine, initrd: initrd !== null });

const exists = (file: string): Promise<boolean> => access(file).then(() => true, () => false);
