import { describe } from 'vitest';
import { isMissing, slurm } from '../testkit/engines.js';
import { TestSlurm } from '../testkit/slurm.js';
import { JOB_SETTINGS, localHoldings } from '../testkit/training.js';
import { jobCrashes } from './jobs.crash.js';

describe.skipIf(isMissing(slurm))('kill -9 with trainings on a real Slurm', () => {
  jobCrashes(async () => {
    const cluster = await TestSlurm.start();
    return {
      environment: { ...cluster.environment, ...JOB_SETTINGS, ENGINE_DRIVER: 'slurm' },
      async holdings(platform) {
        const [{ folders }, living] = await Promise.all([localHoldings(platform), cluster.livingJobs()]);
        return { folders, kept: living, running: living };
      },
      remove: () => cluster.remove(),
    };
  }, 2);
});
