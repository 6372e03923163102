import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { AiArtsClient } from '../testkit/ai-arts.client.js';
import { readDigits } from '../testkit/digit.reader.js';
import { DIGIT_SETTINGS, learnDigits, learnDigitsByAiArts } from '../testkit/digits.js';
import { isMissing, slurm } from '../testkit/engines.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { TestSlurm } from '../testkit/slurm.js';
import { Trainer } from '../testkit/training.js';

// Alice trains on the school's Slurm.

describe.skipIf(isMissing(slurm))('trainings on Slurm', { timeout: 300_000 }, () => {
  let engine: TestSlurm;
  let platform: Platform;
  let alice: Trainer;

  beforeAll(async () => {
    engine = await TestSlurm.start();
    platform = await startPlatform({ environment: { ...engine.platformSettings, ...DIGIT_SETTINGS } });
    alice = new Trainer(await actor(await admin(platform), 'alice'));
  });

  afterAll(async () => {
    await platform?.dispose();
    await engine?.remove();
  });

  test('she sees what there is', async () => {
    const { engine: status } = await alice.actor.ask('{ engine { driver ready message total { cpus gpus } } }');
    expect(status).toEqual({ driver: 'slurm', ready: true, message: null, total: { cpus: 16, gpus: 2 } });
  });

  test('through GraphQL, digits are uploaded, their training watched, stopped, run again to the same end, and its model downloaded and served as it is', async () => {
    await readDigits(alice.actor, await learnDigits(alice));
  });

  test('by an old client, digits are uploaded, their training watched, stopped, and its model downloaded', () => learnDigitsByAiArts(new AiArtsClient(alice.actor)));

  test('tasks of a distributed training know their places, each with a log of its own', async () => {
    const { id } = await alice.create('echo "$RANK of $WORLD_SIZE"', { jobTrainingType: 'PSDistJob', numPs: 1, numPsWorker: 2 });
    await alice.until(id, 'FINISHED');
    for (const task of [0, 1, 2]) {
      const { training } = await alice.actor.ask('query ($id: ID!, $task: Int) { training(id: $id) { log(task: $task) { text } } }', { id, task });
      expect(training.log.text).toBe(`${task} of 3\n`);
    }
  });

  test('one that she stops may tidy up, and is KILLED; one that fails says how', async () => {
    const { id } = await alice.running("trap 'echo tidied; exit 0' TERM\necho begun\nwhile :; do sleep 0.1; done\n");
    await until('its words', async () => (await alice.log(id)).includes('begun'));
    await alice.stop(id);
    await alice.until(id, 'KILLED');
    expect(await alice.log(id)).toContain('tidied');
    const failed = await alice.create('echo no such data >&2; exit 3');
    expect(await alice.until(failed.id, 'FAILED')).toMatchObject({ exitCode: 3 });
  });
});
