import { lstat, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { EngineJobSpec } from '../engine.js';
import type { HostGpu } from './host.capacity.js';
import type { Account } from './keeper.plan.js';

/** Where a job in a sandbox finds our Node. */
export const SANDBOX_BIN = '/run/hutong/bin';

const SYSTEM_FOLDERS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32', '/etc', '/opt'];
const RESOLVER = '/etc/resolv.conf';

/** bwrap itself, and the first process in the new process namespace. */
export const SANDBOX_PROCESSES = 2;

/** What the sandbox of one job is made of. */
export interface SandboxSite {
  bwrap: string;
  setpriv: string;
  node: string;
  /** Null: we are not root, and bwrap makes a user namespace. */
  account: Account | null;
  /** Hidden where it lies in a folder that jobs may read. */
  dataDirectory: string;
  readOnly: readonly string[];
}

/**
 * bwrap's arguments before the program's. The job sees the system's folders read-only, its own folder, and a /tmp that goes with
 * it; its processes are in a namespace of their own, which ends with its first process, so none can hide.
 */
export async function sandboxArguments(site: SandboxSite, spec: Pick<EngineJobSpec, 'folder' | 'workingFolder' | 'readOnly' | 'network'>, temporary: string, gpus: readonly HostGpu[]): Promise<string[]> {
  const shared = [...(await Promise.all(SYSTEM_FOLDERS.map(systemFolder))).flat(), ...site.readOnly.flatMap((folder) => bind('--ro-bind-try', folder))];
  return [
    site.bwrap,
    ['--unshare-pid', '--unshare-ipc', '--die-with-parent', ...(spec.network ? [] : ['--unshare-net'])],
    site.account === null ? [] : ['--cap-drop', 'ALL', '--cap-add', 'CAP_SETUID', '--cap-add', 'CAP_SETGID', '--cap-add', 'CAP_DAC_READ_SEARCH'],
    shared,
    isInside(site.dataDirectory, [...SYSTEM_FOLDERS, ...site.readOnly]) ? ['--tmpfs', site.dataDirectory] : [],
    ['--proc', '/proc', '--dev', '/dev', '--perms', '1777', '--tmpfs', '/dev/shm', '--bind', temporary, '/tmp', '--symlink', '/tmp', '/var/tmp'],
    await resolver(),
    [...parents(SANDBOX_BIN), '--dir', SANDBOX_BIN, '--ro-bind', site.node, `${SANDBOX_BIN}/node`],
    gpus.length === 0 ? [] : gpuDevices(gpus),
    bind('--bind', spec.folder),
    spec.readOnly.flatMap((place) => bind('--ro-bind', place)),
    ['--chdir', spec.workingFolder, '--'],
    site.account === null ? [] : [site.setpriv, `--reuid=${site.account.uid}`, `--regid=${site.account.gid}`, '--clear-groups', '--'],
  ].flat();
}

/** Folders on the way are made with rights for all, which bwrap would otherwise keep to itself. */
const bind = (how: string, place: string): string[] => [...parents(place), how, place, place];

function parents(place: string): string[] {
  const parent = path.dirname(place);
  return parent === '/' ? [] : [...parents(parent), '--dir', parent];
}

async function systemFolder(folder: string): Promise<string[]> {
  const facts = await lstat(folder).catch(() => null);
  if (!facts) return [];
  return facts.isSymbolicLink() ? ['--symlink', await readlink(folder), folder] : ['--ro-bind', folder, folder];
}

/** A resolver's configuration that lies outside /etc. */
async function resolver(): Promise<string[]> {
  const place = await realpath(RESOLVER).catch(() => RESOLVER);
  return place.startsWith('/etc/') ? [] : bind('--ro-bind-try', place);
}

const gpuDevices = (gpus: readonly HostGpu[]): string[] => [
  ...['/dev/nvidiactl', '/dev/nvidia-uvm', '/dev/nvidia-uvm-tools', '/dev/nvidia-modeset', ...gpus.map(({ index }) => `/dev/nvidia${index}`)].flatMap((device) => ['--dev-bind-try', device, device]),
  '--ro-bind-try',
  '/sys',
  '/sys',
];

const isInside = (place: string, folders: readonly string[]): boolean => folders.some((folder) => `${place}/`.startsWith(`${folder}/`));
