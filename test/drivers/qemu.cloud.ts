import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QemuDriver } from '@hutong/cloud-vm/drivers/qemu';
import { silentLog } from '@hutong/common';
import { GUEST_IMAGE, placeGuestImage } from '../testkit/guest-image.js';
import { until } from '../testkit/processes.js';
import type { CloudUnderTest } from './cloud.contract.js';

type Settings = ConstructorParameters<typeof QemuDriver>[0];

/** QEMU on this machine, with a data folder of its own. */
export interface QemuUnderTest extends CloudUnderTest {
  dataDirectory: string;
  /** A driver with other settings on the same folder. */
  openWith(settings: Partial<Settings>): QemuDriver;
  /** The process of a machine, found by its command line. */
  pidOf(machineId: string): Promise<number | undefined>;
  remove(): Promise<void>;
}

export async function qemuCloud(): Promise<QemuUnderTest> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'hutong-qemu-'));
  await placeGuestImage(dataDirectory);
  const folderOf = (id: string) => join(dataDirectory, 'machines', id);
  const openWith = (settings: Partial<Settings>) =>
    new QemuDriver(
      { dataDirectory, searchPath: process.env.PATH!, ports: [80], user: 'nobody', shutdownMs: 20_000, memoryBytes: undefined, cpuOvercommit: 16, ...settings },
      { log: silentLog },
    );
  const pidOf = async (id: string) => (await processesNaming(folderOf(id)))[0];
  return {
    dataDirectory,
    imageId: GUEST_IMAGE,
    flavorId: 'm1.tiny',
    open: async () => openWith({}),
    openWith,
    pidOf,
    async holds(id) {
      const files = await readdir(folderOf(id)).catch(() => null);
      return [...(files === null ? [] : ['folder']), ...(await processesNaming(folderOf(id))).map((pid) => `process ${pid}`)];
    },
    async deleteBehindOurBack(id) {
      const pid = await pidOf(id);
      if (pid !== undefined) process.kill(pid, 'SIGKILL');
      await until('the process to end', async () => (await pidOf(id)) === undefined);
      await rm(folderOf(id), { recursive: true });
    },
    remove: () => rm(dataDirectory, { recursive: true, force: true }),
  };
}

/** Ids of the processes whose command line has this text in it. */
export const processesNaming = async (text: string): Promise<number[]> => [...(await commandLinesNaming(text)).keys()];

/** The command lines of QEMU's processes that have this text in them, by the ids of the processes. */
export async function commandLinesNaming(text: string): Promise<Map<number, string>> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(pids.map(async (pid) => [Number(pid), await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')] as const));
  return new Map(lines.filter(([, line]) => line.startsWith('qemu') && line.includes(text)));
}
