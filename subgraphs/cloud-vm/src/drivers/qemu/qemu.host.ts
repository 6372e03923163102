import { access, constants, mkdtemp, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudError, type CloudFlavor, type CloudReadiness } from '../driver.js';
import type { HostPrograms } from './host.programs.js';
import type { MachineRecord } from './machine.folder.js';
import { accelerated, type Accelerator } from './qemu.command.js';
import type { QemuSettings } from './qemu.settings.js';

/** The program that runs a machine. */
export const QEMU = 'qemu-system-x86_64';

const PROBE_SECONDS = 5;
/** How long whoever asks about this host waits for the outcome. */
const PATIENCE_MS = 500;
/** isa-debug-exit turns the byte n into the exit status 2n + 1. */
const PROBE_BYTE = 0x15;
const GIB = 1024 ** 3;
/** Disks grow as they are written to, and a full one stops every machine. */
const DISK_RESERVE_BYTES = GIB;

/** What slows machines down. */
const SLOWNESS: Record<Accelerator | 'unknown', string | null> = {
  kvm: null,
  tcg: 'there is no KVM on this host, so machines are emulated and slow',
  unknown: 'it is still being found out whether KVM works on this host',
};

/** What this machine can do for virtual machines. */
export class QemuHost {
  private accelerator: Promise<Accelerator> | undefined;
  private preparing: Promise<unknown> | undefined;
  private readonly closing = new AbortController();

  constructor(
    private readonly settings: QemuSettings,
    private readonly programs: HostPrograms,
    private readonly kvmDevice = '/dev/kvm',
  ) {}

  /** Begins to find out what takes long, if a machine can be run at all, so that a launch need not wait for it. */
  prepare(): void {
    this.preparing ??= this.check().then(
      () => this.acceleration(),
      () => undefined,
    );
  }

  /** Waits but briefly for what is not known yet. */
  async readiness(): Promise<CloudReadiness> {
    try {
      await this.check();
      const known = await Promise.race([this.acceleration(), delay(PATIENCE_MS, 'unknown' as const, { ref: false })]);
      return { ready: true, message: SLOWNESS[known] };
    } catch (error) {
      return { ready: false, message: (error as Error).message };
    }
  }

  /** MISCONFIGURED, with what to do, when no machine can be run. */
  async check(): Promise<void> {
    if (process.platform !== 'linux') throw new CloudError('MISCONFIGURED', 'machines on this host need Linux');
    for (const program of [QEMU, 'qemu-img']) await this.programs.require(program);
    await this.runAs();
  }

  /** The user that QEMU is to become; null when we are not root and it stays who we are. */
  async runAs(): Promise<string | null> {
    if (process.geteuid?.() !== 0) return null;
    const { user } = this.settings;
    const accounts = (await readFile('/etc/passwd', 'utf8')).split('\n').map((line) => line.split(':'));
    if (!accounts.some(([name, , uid]) => name === user && Number(uid) > 0)) {
      throw new CloudError('MISCONFIGURED', `CLOUD_QEMU_USER: this system has no unprivileged user ${user}`);
    }
    return user;
  }

  /** KVM only where a guest has run under it: the device can be there and not work. Found out once. */
  acceleration(): Promise<Accelerator> {
    this.accelerator ??= probeKvm(this.kvmDevice, this.programs, this.closing.signal).then(
      (works) => (works ? 'kvm' : 'tcg'),
      () => 'tcg',
    );
    return this.accelerator;
  }

  /** Ends what is still being found out. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.preparing;
    await this.accelerator;
  }

  /** QUOTA when a machine of this flavor would take more than what `running` leave of the host. */
  async reserve(flavor: Pick<CloudFlavor, 'cpus' | 'memoryBytes'>, running: readonly MachineRecord[]): Promise<void> {
    const sum = (of: (one: MachineRecord['flavor']) => number) => running.reduce((total, record) => total + of(record.flavor), 0);
    const memory = this.settings.memoryBytes ?? 0.8 * hostMemory();
    const taken = sum((one) => one.memoryBytes);
    if (taken + flavor.memoryBytes > memory || flavor.memoryBytes > process.availableMemory()) {
      const left = Math.min(memory - taken, process.availableMemory());
      throw new CloudError('QUOTA', `the host has ${gib(left)} of memory left for machines, and this one needs ${gib(flavor.memoryBytes)}`);
    }
    const cpus = Math.floor(availableParallelism() * this.settings.cpuOvercommit);
    const cpusLeft = cpus - sum((one) => one.cpus);
    if (flavor.cpus > cpusLeft) throw new CloudError('QUOTA', `the host has ${cpusLeft} of ${cpus} virtual processors left, and this machine needs ${flavor.cpus}`);
    const disk = await statfs(this.settings.dataDirectory);
    if (disk.bavail * disk.bsize < DISK_RESERVE_BYTES) throw new CloudError('QUOTA', `the disk of ${this.settings.dataDirectory} has less than ${gib(DISK_RESERVE_BYTES)} left`);
  }
}

/** What the machine has, or the control group that we are in, when that is less. */
const hostMemory = (): number => Math.min(process.constrainedMemory() || Infinity, totalmem());

const gib = (bytes: number): string => `${Math.max(0, bytes / GIB).toFixed(1)} GiB`;

/** Boots a disk of one sector whose program does nothing but tell QEMU to end with a status that nothing else has. */
async function probeKvm(device: string, programs: HostPrograms, signal: AbortSignal): Promise<boolean> {
  const usable = await access(device, constants.R_OK | constants.W_OK).then(() => true, () => false);
  if (!usable) return false;
  const folder = await mkdtemp(path.join(tmpdir(), 'hutong-kvm-'));
  try {
    const disk = path.join(folder, 'boot.raw');
    const sector = Buffer.alloc(512);
    // mov al, PROBE_BYTE; out 0xf4, al; hlt
    sector.set([0xb0, PROBE_BYTE, 0xe6, 0xf4, 0xf4]);
    sector.set([0x55, 0xaa], 510);
    await writeFile(disk, sector);
    const args = [
      ['-machine', 'q35', ...accelerated.kvm, '-nodefaults', '-no-user-config', '-display', 'none', '-m', '64M', '-no-reboot'],
      ['-blockdev', JSON.stringify({ driver: 'file', 'node-name': 'boot', filename: disk, 'read-only': true }), '-device', 'virtio-blk-pci,drive=boot'],
      ['-device', 'isa-debug-exit,iobase=0xf4,iosize=1'],
    ].flat();
    return (await programs.exitStatus(QEMU, args, PROBE_SECONDS, signal)) === 2 * PROBE_BYTE + 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
