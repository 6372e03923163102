import { randomUUID } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SlurmDriver } from '@hutong/ai-arts/drivers/engine/slurm';
import { readSlurmSettings } from '@hutong/ai-arts/drivers/engine/slurm/environment';
import { silentLog } from '@hutong/common';
import { SlurmAdministrator } from '../testkit/slurm.administrator.js';
import { slurmEnvironment } from '../testkit/slurm.js';
import type { EngineUnderTest } from './engine.contract.js';

/** Slurm on this machine, with an installation of its own. */
export interface SlurmUnderTest extends EngineUnderTest {
  administrator: SlurmAdministrator;
  environment: Readonly<Record<string, string>>;
  open(environment?: Record<string, string>): Promise<SlurmDriver>;
  remove(): Promise<void>;
}

export async function slurmEngine(): Promise<SlurmUnderTest> {
  const environment = await slurmEnvironment();
  const administrator = new SlurmAdministrator(environment.ENGINE_SLURM_SCONTROL!);
  const folder = await openFolder(join(tmpdir(), 'hutong-slurm-'));
  const installation = randomUUID();
  return {
    administrator,
    environment,
    open: async (other = {}) => new SlurmDriver(readSlurmSettings({ ...environment, ...other }), { installation, log: silentLog }),
    newFolder: () => openFolder(join(folder, 'job-')),
    loseJob: ({ engineId }) => administrator.cancel(engineId!),
    isolates: false,
    limitsMemory: true,
    timeLimitSeconds: 1,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** One that every user may enter. */
async function openFolder(prefix: string): Promise<string> {
  const folder = await mkdtemp(prefix);
  await chmod(folder, 0o755);
  return folder;
}
