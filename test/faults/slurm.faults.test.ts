import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { isMissing, slurm } from '../testkit/engines.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { TestSlurm } from '../testkit/slurm.js';
import { Trainer } from '../testkit/training.js';

// A slurmctld that dies before it has saved what it was told.

/** All processors of the cluster. */
const ALL = { deviceNum: 16 };

describe.skipIf(isMissing(slurm))('trainings on a Slurm that loses jobs', { timeout: 240_000 }, () => {
  let engine: TestSlurm;
  let platform: Platform;
  let alice: Trainer;

  beforeAll(async () => {
    engine = await TestSlurm.start();
    platform = await startPlatform({ environment: engine.platformSettings });
    alice = new Trainer(await actor(await admin(platform), 'alice'));
  }, 300_000);

  afterAll(async () => {
    await platform?.dispose();
    await engine?.remove();
  }, 120_000);

  test('one that waits is handed to it again and runs once; one that was running is not run a second time', async () => {
    let running = '';
    let waiting = '';
    await engine.forgetting(async () => {
      ({ id: running } = await alice.running('echo once\nexec sleep 1000\n', ALL));
      await until('its words', async () => (await alice.log(running)).includes('once'));
      ({ id: waiting } = await alice.create('echo once\n', ALL));
      await until('Slurm to have it', async () => (await engine.jobsOf(waiting)).length > 0);
    });
    await alice.until(waiting, 'FINISHED');
    expect(await alice.log(waiting)).toBe('once\n');
    await alice.until(running, 'ERROR');
    expect(await alice.log(running)).toBe('once\n');
    expect(await engine.jobsOf(running)).toEqual([]);
  });
});
