import { RuntimeFailure, type Tensor } from '@hutong/ai-arts/drivers/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { denseModel, onnxModel, randomNumbers } from '../testkit/onnx.model.js';
import { floats, OnnxWorkers, patience } from '../testkit/onnx.worker.js';
import { slowModel } from '../testkit/slow.model.js';

/** A run takes some tenths of a second, so that requests gather meanwhile. */
const SLOW = slowModel(60_000);

let workers: OnnxWorkers;
beforeAll(async () => void (workers = await OnnxWorkers.open()));
afterAll(() => workers[Symbol.asyncDispose]());

const indices = (...values: number[]): Tensor[] => [{ name: 'x', datatype: 'INT64', shape: [values.length], data: BigInt64Array.from(values, BigInt) }];

test('requests that wait are run together, and each is given its own rows', async () => {
  const worker = await workers.start(SLOW);
  const asked = Array.from({ length: 24 }, (_, index) => (index % 3 === 0 ? [index % 10] : [index % 10, (index + 1) % 10]));
  const answers = await Promise.all(asked.map((rows) => worker.client.infer(indices(...rows), patience())));
  expect(answers.map(([{ shape, data } = expect.fail()]) => ({ shape, data: Array.from(data as Float32Array) }))).toEqual(asked.map((rows) => ({ shape: [rows.length, 2], data: rows.flatMap((row) => [row, row + 0.5]) })));
  const statistics = await worker.client.statistics(patience());
  expect(statistics).toMatchObject({ succeeded: 24, failed: 0, rejected: 0, queueLength: 0 });
  expect(statistics!.executions, 'fewer runs than requests').toBeLessThan(24);
});

test('a network answers joined requests as it answers each alone', async () => {
  const model = denseModel([64, 512, 10], { seed: 7 });
  const [together, alone] = await Promise.all([workers.start(model, { batch: 32 }), workers.start(model, { batch: 1 })]);
  const random = randomNumbers(11);
  const inputs = Array.from({ length: 64 }, () => floats('x', [1, 64], Array.from({ length: 64 }, random)));
  const joined = await Promise.all(inputs.map((input) => together.client.infer([input], patience())));
  for (const [index, input] of inputs.entries()) {
    const [expected] = await alone.client.infer([input], patience());
    const [found] = joined[index]!;
    expect(found!.shape).toEqual([1, 10]);
    for (const [at, share] of (found!.data as Float32Array).entries()) expect(share).toBeCloseTo(expected!.data[at] as number, 5);
  }
});

test('one request that the model fails at does not take the others with it', async () => {
  const worker = await workers.start(SLOW);
  const asked = Array.from({ length: 12 }, (_, index) => (index === 5 ? 99 : index % 10));
  const answers = await Promise.allSettled(asked.map((row) => worker.client.infer(indices(row), patience())));
  for (const [index, answer] of answers.entries()) {
    if (index === 5) expect(answer, 'the one beyond the table').toMatchObject({ status: 'rejected', reason: { fault: 'FAILED', message: expect.stringMatching(/the model failed: .*out of data bounds/) } });
    else expect(answer).toMatchObject({ status: 'fulfilled', value: [{ data: Float32Array.of(asked[index]!, asked[index]! + 0.5) }] });
  }
  expect(await worker.client.statistics(patience())).toMatchObject({ succeeded: 11, failed: 1 });
});

test('a model whose rows are not answered by themselves is asked one by one', async () => {
  const model = onnxModel({
    nodes: [{ op: 'ReduceMean', inputs: ['x'], outputs: ['mean'], attributes: { axes: [0], keepdims: 1 } }, { op: 'Sub', inputs: ['x', 'mean'], outputs: ['y'] }],
    inputs: [{ name: 'x', shape: ['N', 2] }],
    outputs: [{ name: 'y', shape: ['N', 2] }],
  });
  const worker = await workers.start(model);
  expect(worker.output).toContain('it answers requests otherwise when they are joined');
  const answers = await Promise.all(Array.from({ length: 16 }, (_, index) => worker.client.infer([floats('x', [1, 2], [index, -index])], patience())));
  for (const [answer] of answers) expect(Array.from(answer!.data as Float32Array, Math.abs)).toEqual([0, 0]);
});

test('more requests than there is room for are refused, and told when to come again', async () => {
  const worker = await workers.start(SLOW, { queue: 4 });
  const answers = await Promise.allSettled(Array.from({ length: 24 }, () => worker.client.infer(indices(3), patience())));
  const refused = answers.filter((answer) => answer.status === 'rejected').map(({ reason }) => reason as RuntimeFailure);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(24);
  for (const failure of refused) expect(failure).toMatchObject({ fault: 'BUSY', retryAfterSeconds: expect.any(Number) });
  expect(await worker.client.statistics(patience())).toMatchObject({ succeeded: 24 - refused.length, rejected: refused.length });
  await expect(worker.client.infer(indices(3), patience()), 'there is room again').resolves.toHaveLength(1);
});

test('whoever hangs up before its turn is not run for', async () => {
  const worker = await workers.start(SLOW, { batch: 1 });
  const leaving = new AbortController();
  const first = worker.client.infer(indices(1), patience());
  const others = Array.from({ length: 12 }, () => worker.client.infer(indices(2), leaving.signal));
  const settled = Promise.allSettled(others);
  await expect.poll(async () => (await worker.client.statistics(patience()))!.queueLength).toBeGreaterThan(2);
  leaving.abort(new Error('gone'));
  expect((await settled).filter(({ status }) => status === 'rejected').length).toBeGreaterThan(2);
  await first;
  await worker.client.infer(indices(4), patience());
  const { executions, queueLength } = (await worker.client.statistics(patience()))!;
  expect(queueLength).toBe(0);
  expect(executions).toBeLessThan(14);
});
