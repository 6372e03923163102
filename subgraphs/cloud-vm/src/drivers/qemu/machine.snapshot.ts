import { open, truncate } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudError } from '../driver.js';
import type { MachineFolder } from './machine.folder.js';
import type { MachineSupervisor } from './machine.supervisor.js';
import { DISK_NODE, SNAPSHOT_FILE_NODE } from './qemu.command.js';

const SNAPSHOT_NODE = 'snapshot';
const JOB = 'snapshot';
const LOOK_AGAIN_MS = 25;

interface Job {
  id: string;
  status: string;
  error?: string;
}

/**
 * Copies the disk of a running machine, as it is at one moment, into the file `folder.snapshot`, which is a disk of its
 * own when this resolves; the guest goes on meanwhile. Whatever an earlier attempt left in QEMU is cleared first.
 */
export async function copyRunningDisk(folder: MachineFolder, diskBytes: number, supervisor: MachineSupervisor, signal: AbortSignal): Promise<void> {
  const run = <Answer = unknown>(command: string, parameters: object = {}) => supervisor.command<Answer>(folder, command, parameters, signal);
  await clearUp();
  try {
    await truncate(folder.snapshot, 0);
    await finish('blockdev-create', { options: { driver: 'qcow2', file: SNAPSHOT_FILE_NODE, size: diskBytes } });
    await run('blockdev-add', { driver: 'qcow2', 'node-name': SNAPSHOT_NODE, file: SNAPSHOT_FILE_NODE, discard: 'unmap' });
    await finish('blockdev-backup', { device: DISK_NODE, target: SNAPSHOT_NODE, sync: 'full', 'auto-dismiss': false });
    // Taking it out writes down what QEMU still holds of it.
    await run('blockdev-del', { 'node-name': SNAPSHOT_NODE });
    await syncFile(folder.snapshot);
  } catch (error) {
    if (!signal.aborted) await clearUp().catch(() => undefined);
    throw error;
  }

  async function finish(command: string, parameters: object): Promise<void> {
    await run(command, { ...parameters, 'job-id': JOB });
    const job = await concluded();
    await run('job-dismiss', { id: JOB });
    if (job?.error) throw new CloudError(/no space left/i.test(job.error) ? 'QUOTA' : 'FAILED', `QEMU: ${job.error}`);
  }

  async function concluded(): Promise<Job | undefined> {
    for (;;) {
      const job = await find();
      if (!job || job.status === 'concluded') return job;
      await delay(LOOK_AGAIN_MS, undefined, { signal });
    }
  }

  async function clearUp(): Promise<void> {
    if (await find()) {
      await run('job-cancel', { id: JOB }).catch(ifRefused);
      await concluded();
      await run('job-dismiss', { id: JOB }).catch(ifRefused);
    }
    const nodes = await run<{ 'node-name': string }[]>('query-named-block-nodes', { flat: true });
    if (nodes.some((node) => node['node-name'] === SNAPSHOT_NODE)) await run('blockdev-del', { 'node-name': SNAPSHOT_NODE });
  }

  async function find(): Promise<Job | undefined> {
    return (await run<Job[]>('query-jobs')).find(({ id }) => id === JOB);
  }
}

/** A job that has just ended cannot be cancelled any more. */
function ifRefused(error: unknown): void {
  if (!(error instanceof CloudError) || error.fault !== 'FAILED') throw error;
}

async function syncFile(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
