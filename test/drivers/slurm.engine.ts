import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SlurmDriver } from '@hutong/ai-arts/drivers/engine/slurm';
import { readSlurmSettings } from '@hutong/ai-arts/drivers/engine/slurm/environment';
import { silentLog } from '@hutong/common';
import { TestSlurm } from '../testkit/slurm.js';
import type { EngineUnderTest } from './engine.contract.js';

/** A Slurm on this machine. */
export interface SlurmUnderTest extends EngineUnderTest {
  slurm: TestSlurm;
  open(environment?: Record<string, string>): Promise<SlurmDriver>;
  remove(): Promise<void>;
}

export async function slurmEngine(): Promise<SlurmUnderTest> {
  const slurm = await TestSlurm.start();
  const folder = await openFolder(join(tmpdir(), 'hutong-slurm-jobs-'));
  const installation = randomUUID();
  return {
    slurm,
    open: async (other = {}) => new SlurmDriver(readSlurmSettings({ ...slurm.environment, ...other }), { installation, log: silentLog }),
    newFolder: () => openFolder(join(folder, 'job-')),
    loseJob: ({ engineId }) => slurm.cancel(engineId!),
    isolates: false,
    limitsMemory: true,
    timeLimitSeconds: 1,
    async remove() {
      await slurm.remove();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** One that every user may enter. */
async function openFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(prefix);
  await chmod(folder, 0o755);
  return folder;
}
