import type { MachineFolder, MachineRecord } from './machine.folder.js';
import { PID_FILE } from './machine.process.js';

/** The monitor's socket in a machine's folder. */
export const QMP_SOCKET = 'qmp.sock';

/** Names of block nodes: the machine's disk, and the file that a snapshot is copied to. */
export const DISK_NODE = 'disk';
export const SNAPSHOT_FILE_NODE = 'snapshot-file';

export type Accelerator = 'kvm' | 'tcg';

export const accelerated: Record<Accelerator, readonly string[]> = {
  // Some hosts announce a register of that feature that they do not have.
  kvm: ['-accel', 'kvm', '-cpu', 'host,-arch-capabilities'],
  tcg: ['-accel', 'tcg,tb-size=64', '-cpu', 'max'],
};

/** QEMU's arguments for one machine; relative paths are those of its folder, in which it is started. */
export function qemuArguments(folder: MachineFolder, record: MachineRecord, accelerator: Accelerator, runAs: string | null): string[] {
  const { flavor, spec } = record;
  return [
    ['-name', `hutong-${spec.id}`, '-pidfile', folder.file(PID_FILE)],
    ['-machine', 'q35', ...accelerated[accelerator], '-smp', String(flavor.cpus), '-m', `${Math.floor(flavor.memoryBytes / 1024 ** 2)}M`],
    ['-nodefaults', '-no-user-config', '-display', 'none'],
    bootArguments(folder, record),
    blockNode({ driver: 'qcow2', 'node-name': DISK_NODE, discard: 'unmap', file: { driver: 'file', filename: folder.disk, discard: 'unmap' } }),
    ['-device', `virtio-blk-pci,drive=${DISK_NODE},bootindex=1`],
    // Opened now, because a QEMU that has given up root could not open it when a snapshot is asked for.
    blockNode({ driver: 'file', 'node-name': SNAPSHOT_FILE_NODE, filename: folder.snapshot, discard: 'unmap' }),
    ['-netdev', network(record), '-device', 'virtio-net-pci,netdev=net,romfile=', '-device', 'virtio-rng-pci'],
    ['-chardev', 'file,id=console,path=console.log,append=on', '-serial', 'chardev:console'],
    ['-qmp', `unix:${QMP_SOCKET},server=on,wait=off`],
    // Giving up root is itself a system call that elevateprivileges=deny answers with SIGSYS.
    ['-sandbox', `on,obsolete=deny,elevateprivileges=${runAs === null ? 'deny' : 'allow'},spawn=deny,resourcecontrol=deny`],
    runAs === null ? [] : ['-runas', runAs],
  ].flat();
}

function bootArguments(folder: MachineFolder, record: MachineRecord): string[] {
  if (!record.boot) return ['-device', 'VGA'];
  return ['-kernel', folder.kernel, ...(record.boot.initrd ? ['-initrd', folder.initrd] : []), '-append', record.boot.commandLine];
}

/**
 * A network of the guest's own, in which QEMU is the router. IPv6 is off, so that the guest has no second way to this
 * host's loopback; `restrict` leaves it no way out at all, while connections to the forwarded ports still come in.
 */
function network({ spec, address, ports }: MachineRecord): string {
  const forwards = ports.map(({ guestPort, hostPort }) => `hostfwd=tcp:${address}:${hostPort}-:${guestPort}`);
  return ['user', 'id=net', 'ipv6=off', `restrict=${spec.internetAccess ? 'off' : 'on'}`, ...forwards].join(',');
}

const blockNode = (options: object): string[] => ['-blockdev', JSON.stringify(options)];
