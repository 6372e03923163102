import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin } from '../testkit/actor.js';
import { isMissing, slurm } from '../testkit/engines.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { TestSlurm } from '../testkit/slurm.js';
import { Trainer } from '../testkit/training.js';

// Alice trains on the school's Slurm.

/** Learns to tell whether a point lies in a circle, by a network of one hidden layer, and says how it gets on. */
const PROGRAM = `
const args = Object.fromEntries(process.argv.slice(2).join('\\n').split('--').filter(Boolean).map((pair) => pair.trim().split('\\n')));
const HIDDEN = 12, EPOCHS = Number(args.epochs), rate = 0.05;
let seed = 7;
const random = () => ((seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648) * 2 - 1;
const weights = Array.from({ length: HIDDEN }, () => [random(), random(), random(), random()]);
let bias = 0;
const run = (x, y) => { const hidden = weights.map(([a, b, c]) => Math.tanh(a * x + b * y + c)); return { hidden, guess: 1 / (1 + Math.exp(-hidden.reduce((sum, h, n) => sum + h * weights[n][3], bias))) }; };
const points = Array.from({ length: 500 }, () => { const [x, y] = [2 * random(), 2 * random()]; return [x, y, x * x + y * y < 1.5 ? 1 : 0]; });
for (let epoch = 1; epoch <= EPOCHS; epoch++) {
  let loss = 0;
  for (const [x, y, truth] of points) {
    const { hidden, guess } = run(x, y);
    loss -= Math.log(Math.max(1e-9, truth ? guess : 1 - guess));
    const error = guess - truth;
    bias -= rate * error;
    weights.forEach((w, n) => { const back = error * w[3] * (1 - hidden[n] ** 2); w[3] -= rate * error * hidden[n]; w[0] -= rate * back * x; w[1] -= rate * back * y; w[2] -= rate * back; });
  }
  console.log(JSON.stringify({ step: epoch, total: EPOCHS, loss: loss / points.length }));
}
const right = points.filter(([x, y, truth]) => (run(x, y).guess > 0.5 ? 1 : 0) === truth).length / points.length;
require('node:fs').writeFileSync(args.output_path + '/model.json', JSON.stringify({ weights, bias }));
console.log('right: ' + right);
process.exit(right > 0.9 ? 0 : 1);
`;

describe.skipIf(isMissing(slurm))('trainings on Slurm', { timeout: 200_000 }, () => {
  let engine: TestSlurm;
  let platform: Platform;
  let alice: Trainer;

  beforeAll(async () => {
    engine = await TestSlurm.start();
    platform = await startPlatform({ environment: engine.platformSettings });
    alice = new Trainer(await actor(await admin(platform), 'alice'));
  });

  afterAll(async () => {
    await platform?.dispose();
    await engine?.remove();
  });

  test('she sees what there is, trains a network, and finds its log, its loss and its exit code', async () => {
    const { engine: status } = await alice.actor.ask('{ engine { driver ready message total { cpus gpus } } }');
    expect(status).toEqual({ driver: 'slurm', ready: true, message: null, total: { cpus: 16, gpus: 2 } });
    const { id } = await alice.create('', { engine: 'node', code: { name: 'train.js', text: PROGRAM }, params: { epochs: 60 } });
    await alice.until(id, 'FINISHED');
    expect(await alice.log(id)).toMatch(/right: 0\.9\d*\n$/);
    await until('its metrics', async () => (await alice.actor.ask('query ($id: ID!) { training(id: $id) { progress } }', { id })).training.progress === 1);
    const { training } = await alice.actor.ask('query ($id: ID!) { training(id: $id) { exitCode metrics { name points { step value } } } }', { id });
    const [{ points }] = training.metrics as [{ points: { step: number; value: number }[] }];
    expect(training.exitCode).toBe(0);
    expect(points.at(-1)!.value).toBeLessThan(points[0]!.value / 2);
  });

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
