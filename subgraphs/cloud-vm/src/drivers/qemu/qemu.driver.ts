import { mkdirSync, realpathSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  CloudError,
  type CloudDriver,
  type CloudFlavor,
  type CloudImage,
  type CloudMachineState,
  type CloudReadiness,
  type CloudResource,
  type DriverOptions,
  type LaunchProgress,
  type MachineReference,
  type MachineSpec,
  type MachineView,
  type OwnedResource,
  type SnapshotSpec,
} from '../driver.js';
import { ConsoleKeeper } from './console.keeper.js';
import { HostPrograms } from './host.programs.js';
import { ImageStore } from './image.store.js';
import { machineFolders, MachineFolder, type MachineRecord } from './machine.folder.js';
import { findProcesses, type MachineProcess } from './machine.process.js';
import { MachineSite } from './machine.site.js';
import { copyRunningDisk } from './machine.snapshot.js';
import { MachineSupervisor } from './machine.supervisor.js';
import { translated } from './qemu.faults.js';
import { QEMU_FLAVORS } from './qemu.flavors.js';
import { QemuHost } from './qemu.host.js';
import type { QemuSettings } from './qemu.settings.js';

const ID = /^[0-9A-Za-z][0-9A-Za-z-]{0,35}$/;
const STATUS_MS = 5_000;

/** What QEMU calls the states in which a guest does not go on by itself. */
const STUCK: Partial<Record<string, string>> = {
  'io-error': "the guest was stopped by an error of its disk; the host's disk may be full",
  'internal-error': 'QEMU cannot go on with the guest',
  'guest-panicked': "the guest's kernel has panicked",
  paused: 'the guest was paused by somebody else',
};

/**
 * Machines on this host, one QEMU process each. What a machine has is a folder `machines/<id>` below the data folder
 * and a process whose command line names that folder: its own `disk` and `server`, both under the machine's id. They
 * belong to whoever uses the data folder, so `DriverOptions.installation` is not needed.
 */
export class QemuDriver implements CloudDriver {
  readonly name = 'qemu';
  private readonly machines: string;
  private readonly host: QemuHost;
  private readonly store: ImageStore;
  private readonly supervisor: MachineSupervisor;
  private readonly site: MachineSite;
  private readonly consoles: ConsoleKeeper;
  /** Machines that a call of ours is rebooting or destroying just now, which their processes do not tell. */
  private readonly inTransition = new Map<string, CloudMachineState>();

  constructor(
    private readonly settings: QemuSettings,
    { log }: Pick<DriverOptions, 'log'>,
  ) {
    mkdirSync(settings.dataDirectory, { recursive: true });
    const folder = realpathSync(settings.dataDirectory);
    this.machines = path.join(folder, 'machines');
    const programs = new HostPrograms(settings.searchPath);
    this.host = new QemuHost(settings, programs);
    this.store = new ImageStore(path.join(folder, 'images'), programs, log);
    this.supervisor = new MachineSupervisor(this.host, programs, log);
    this.site = new MachineSite(this.machines, settings.ports, this.host, this.store, programs, this.supervisor);
    this.consoles = new ConsoleKeeper(this.machines);
    this.host.prepare();
  }

  status(signal: AbortSignal): Promise<CloudReadiness> {
    return translated(signal, () => this.host.readiness());
  }

  images(signal: AbortSignal): Promise<CloudImage[]> {
    return translated(signal, async () => (await this.store.list()).map(withoutFiles));
  }

  flavors(signal: AbortSignal): Promise<CloudFlavor[]> {
    return translated(signal, async () => QEMU_FLAVORS.map((flavor) => ({ ...flavor })));
  }

  launch(spec: MachineSpec, { made, onMade }: LaunchProgress, signal: AbortSignal): Promise<void> {
    const tell = async (resource: CloudResource) => {
      if (!made.some(({ kind, id }) => kind === resource.kind && id === resource.id)) await onMade(resource);
      signal.throwIfAborted();
    };
    return translated(signal, async () => {
      const folder = this.folder(spec.id);
      await this.host.check();
      await this.site.reserve(folder, spec).then((record) => this.site.makeDisk(folder, record, signal));
      await tell({ kind: 'disk', id: spec.id });
      if (await this.process(spec.id)) await this.supervisor.untilAnswering(folder, async () => !(await this.process(spec.id)), signal);
      else await this.site.boot(folder, await this.record(folder), signal);
      await folder.write({ ...(await this.record(folder)), launched: true });
      await tell({ kind: 'server', id: spec.id });
    });
  }

  look(machines: readonly MachineReference[], signal: AbortSignal): Promise<MachineView[]> {
    return translated(signal, async () => {
      const processes = await findProcesses(this.machines);
      return Promise.all(machines.map(({ id }) => this.view(this.folder(id), processes.get(id), signal)));
    });
  }

  start(machine: MachineReference, signal: AbortSignal): Promise<void> {
    return translated(signal, async () => {
      const { folder, record, process } = await this.launched(machine.id);
      if (process) return;
      await this.site.reserveAgain(folder, record);
      await this.site.boot(folder, record, signal);
    });
  }

  stop(machine: MachineReference, signal: AbortSignal): Promise<void> {
    return translated(signal, async () => {
      const { folder, process } = await this.launched(machine.id);
      if (process) await this.supervisor.shutDown(folder, process, this.settings.shutdownMs, signal);
    });
  }

  reboot(machine: MachineReference, signal: AbortSignal): Promise<void> {
    return translated(signal, async () => {
      const { folder, record, process } = await this.launched(machine.id);
      if (!process) await this.site.reserveAgain(folder, record);
      await this.during('REBOOT', machine.id, async () => {
        if (process) await this.supervisor.shutDown(folder, process, this.settings.shutdownMs, signal);
        await this.site.boot(folder, record, signal);
      });
    });
  }

  snapshot(machine: MachineReference, snapshot: SnapshotSpec, signal: AbortSignal): Promise<CloudImage> {
    return translated(signal, async () => {
      const made = (await this.store.list()).find(({ id }) => id === checked(snapshot.id));
      if (made) return withoutFiles(made);
      const { folder, record, process } = await this.launched(machine.id);
      if (process) await copyRunningDisk(folder, record.flavor.diskBytes, this.supervisor, signal);
      const image = await this.store.add(snapshot, folder, process ? folder.snapshot : folder.disk, record.boot, signal);
      if (process) await folder.emptySnapshot();
      return withoutFiles(image);
    });
  }

  deleteSnapshot(snapshotId: string, signal: AbortSignal): Promise<void> {
    return translated(signal, () => this.store.remove(checked(snapshotId)));
  }

  destroy(machine: MachineReference, signal: AbortSignal, onReleased: (resource: CloudResource) => Promise<void> = async () => undefined): Promise<void> {
    return translated(signal, () =>
      this.during('DELETING', machine.id, async () => {
        const folder = this.folder(machine.id);
        const process = await this.process(machine.id);
        if (process) await this.supervisor.kill(folder, process, signal);
        await onReleased({ kind: 'server', id: machine.id });
        signal.throwIfAborted();
        await folder.remove();
        await onReleased({ kind: 'disk', id: machine.id });
      }),
    );
  }

  listOurs(signal: AbortSignal): Promise<OwnedResource[]> {
    return translated(signal, async () => {
      const [folders, processes] = await Promise.all([machineFolders(this.machines), findProcesses(this.machines)]);
      const created = new Map(await Promise.all(folders.map(async (folder) => [folder.id, await folder.createdAt()] as const)));
      const owned = (kind: 'disk' | 'server', id: string): OwnedResource => ({ kind, id, machineId: id, createdAt: created.get(id) ?? null });
      return [...[...created.keys()].map((id) => owned('disk', id)), ...[...processes.keys()].map((id) => owned('server', id))].filter(({ id }) => ID.test(id));
    });
  }

  async close(): Promise<void> {
    this.supervisor.close();
    await Promise.all([this.consoles.close(), this.host.close()]);
  }

  private async view(folder: MachineFolder, process: MachineProcess | undefined, signal: AbortSignal): Promise<MachineView> {
    const record = await folder.read();
    const [state, reason] = await this.stateOf(folder, record, process, signal);
    if (!record || state === 'DELETED') return { id: folder.id, state, reason, ipv4: null, endpoints: [] };
    const endpoints = record.ports.map(({ guestPort, hostPort }) => ({ guestPort, host: record.address, port: hostPort }));
    return { id: folder.id, state, reason, ipv4: record.address, endpoints };
  }

  private async stateOf(folder: MachineFolder, record: MachineRecord | null, process: MachineProcess | undefined, signal: AbortSignal): Promise<[CloudMachineState, string | null]> {
    if (!process && !(await folder.createdAt())) return ['DELETED', 'this host has neither a folder nor a process of the machine'];
    const transition = this.inTransition.get(folder.id);
    if (transition) return [transition, null];
    if (!record) return process ? ['ERROR', 'the folder of the machine is gone, its process is not'] : ['BUILD', null];
    if (!process) return record.launched ? ['SHUTOFF', await lastWords(folder)] : ['BUILD', null];
    try {
      const { status } = await this.supervisor.command<{ status: string }>(folder, 'query-status', {}, signal, STATUS_MS);
      const stuck = STUCK[status];
      return stuck === undefined ? ['ACTIVE', null] : ['ERROR', stuck];
    } catch (error) {
      if (!(error instanceof CloudError)) throw error;
      // It may be starting, or have ended since the processes were counted: the next look tells.
      return record.launched ? ['ACTIVE', error.message] : ['BUILD', null];
    }
  }

  /** A machine whose launch is over; NOT_FOUND, or CONFLICT while it is still made. */
  private async launched(id: string): Promise<{ folder: MachineFolder; record: MachineRecord; process: MachineProcess | undefined }> {
    const folder = this.folder(id);
    const record = await this.record(folder);
    if (!record.launched) throw new CloudError('CONFLICT', `the machine ${id} is still being made`);
    return { folder, record, process: await this.process(id) };
  }

  private async record(folder: MachineFolder): Promise<MachineRecord> {
    const record = await folder.read();
    if (!record) throw new CloudError('NOT_FOUND', `this host has no machine ${folder.id}`);
    return record;
  }

  private async process(id: string): Promise<MachineProcess | undefined> {
    return (await findProcesses(this.machines)).get(id);
  }

  private async during(state: CloudMachineState, id: string, work: () => Promise<void>): Promise<void> {
    this.inTransition.set(id, state);
    try {
      await work();
    } finally {
      this.inTransition.delete(id);
    }
  }

  private folder(id: string): MachineFolder {
    return new MachineFolder(this.machines, checked(id));
  }
}

/** Ids become names of folders and files. */
function checked(id: string): string {
  if (!ID.test(id)) throw new TypeError(`expected 1 to 36 letters, digits and hyphens, got ${JSON.stringify(id)}`);
  return id;
}

const withoutFiles = ({ id, name, sizeBytes, createdAt }: CloudImage): CloudImage => ({ id, name, sizeBytes, createdAt });

/** What QEMU said before it ended, if it was more than nothing. */
async function lastWords(folder: MachineFolder): Promise<string | null> {
  const words = (await readFile(folder.qemuLog, 'utf8').catch(() => '')).trim();
  return words === '' ? null : words.replaceAll(`${folder.path}/`, '').slice(-500);
}
