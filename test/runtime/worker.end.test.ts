import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { RuntimeFailure, type Tensor } from '@hutong/ai-arts/drivers/runtime';
import { StagedRuntime } from '@hutong/ai-arts/drivers/runtime/onnx/staged.runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { denseModel, onnxModel, type OnnxGraph } from '../testkit/onnx.model.js';
import { OnnxWorkers, patience } from '../testkit/onnx.worker.js';
import { slowModel } from '../testkit/slow.model.js';

let workers: OnnxWorkers;
beforeAll(async () => void (workers = await OnnxWorkers.open()));
afterAll(() => workers[Symbol.asyncDispose]());

const ask = (): Tensor[] => [{ name: 'x', datatype: 'INT64', shape: [1], data: BigInt64Array.of(2n) }];

test('when a worker is killed under load, every request ends and says that it is gone', async () => {
  const worker = await workers.start(slowModel(60_000));
  const first = worker.client.infer(ask(), patience());
  const pending = Array.from({ length: 32 }, () => worker.client.infer(ask(), patience()));
  const settled = Promise.allSettled(pending);
  await first;
  worker.process.kill('SIGKILL');
  const failures = (await settled).filter((answer) => answer.status === 'rejected').map(({ reason }) => reason as RuntimeFailure);
  expect(failures.length, 'some were still waiting').toBeGreaterThan(0);
  for (const failure of failures) expect(failure).toMatchObject({ name: 'RuntimeFailure', fault: 'GONE', message: 'the inference server does not answer' });
  await worker.ended;
  expect(await worker.client.ready(patience())).toBe(false);
  await expect(worker.client.infer(ask(), patience())).rejects.toMatchObject({ fault: 'GONE' });
  await expect(worker.client.metadata(patience())).rejects.toMatchObject({ fault: 'GONE' });
});

test('a worker that is told to end answers what it has taken, and nothing more', async () => {
  const worker = await workers.start(slowModel(60_000), { batch: 1 });
  const pending = Array.from({ length: 6 }, () => worker.client.infer(ask(), patience()));
  // All have come: but for the one that the model is run for, they wait or were answered.
  await expect.poll(async () => worker.client.statistics(patience()).then((told) => told!.succeeded + told!.queueLength!)).toBeGreaterThanOrEqual(5);
  worker.process.kill('SIGTERM');
  for (const [output] of await Promise.all(pending)) expect(output!.data).toEqual(Float32Array.of(2, 2.5));
  expect(await worker.ended).toEqual({ code: 0, signal: null });
  await expect(worker.client.infer(ask(), patience())).rejects.toMatchObject({ fault: 'GONE' });
});

test('a model that comes to no end takes its worker with it, which says so', async () => {
  const worker = await workers.launch(slowModel(2 ** 52), { runSeconds: 1 });
  await worker.untilListening();
  expect((await worker.fetch('/v2/health/live')).status, 'it lives').toBe(200);
  expect(await worker.client.ready(patience()), 'but is not ready').toBe(false);
  expect(await worker.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(worker.output).toBe('a run of net takes more than 1 s, so the worker ends\n');
});

describe('a model that cannot be served ends the worker with one line', () => {
  const x = { name: 'x', shape: ['N', 4] };
  const y = { name: 'y', shape: ['N', 4] };
  const relu = { op: 'Relu', inputs: ['x'], outputs: ['y'] };
  const model = (change: Partial<OnnxGraph>, domains?: string[]): Buffer => onnxModel({ nodes: [relu], inputs: [x], outputs: [y], ...change }, domains);
  const withWeights = (values: Float32Array | { location: string; bytes: number }, dims = [4, 4]): Buffer => model({ nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], weights: [{ name: 'w', dims, values }] });
  const weightsAt = (location: string, bytes = 64): Buffer => withWeights({ location, bytes });

  const cases: [string, Buffer, RegExp][] = [
    ['an empty file', Buffer.alloc(0), /does not have a graph/],
    ['a file of zeros', Buffer.alloc(4_096), /Protobuf parsing failed/],
    ['a text', Buffer.from('import os; os.system("true")'), /Protobuf parsing failed/],
    ['a truncated file', denseModel([64, 64]).subarray(0, 5_000), /Protobuf parsing failed/],
    ['weights beside its folder', weightsAt('../secret.bin'), /escapes model directory/],
    ['weights at an absolute path', weightsAt('/etc/hostname'), /Absolute path not allowed/],
    ['weights in the kernel', weightsAt('/proc/self/environ'), /Absolute path not allowed/],
    ['weights behind a link', weightsAt('link.bin'), /escapes model directory/],
    ['weights at an address in memory', weightsAt('*/_ORT_MEM_ADDR_/*'), /in-memory address/],
    ['weights that are not there', weightsAt('nothing.bin'), /does not exist/],
    ['weights that are larger than their file', withWeights({ location: 'inside.bin', bytes: 4_096 }), /size mismatch/],
    ['weights that are fewer than they say', withWeights(new Float32Array(3)), /size mismatch/],
    ['weights beyond all memory', withWeights(new Float32Array(4), [2 ** 31, 2 ** 31]), /Incompatible dimensions/],
    ['an operator of a library', model({ nodes: [{ ...relu, op: 'Run', domain: 'org.evil' }] }, ['org.evil']), /not a registered function/],
    ['an operator that there is not', model({ nodes: [{ ...relu, op: 'Run' }] }), /No Op registered for Run/],
    ['a circle', model({ nodes: [{ op: 'Relu', inputs: ['b'], outputs: ['a'] }, { op: 'Relu', inputs: ['a'], outputs: ['b'] }, { op: 'Add', inputs: ['x', 'b'], outputs: ['y'] }] }), /not acyclic/],
    ['an input beyond every request', model({ inputs: [{ name: 'x', shape: [2 ** 40, 4] }], outputs: [{ name: 'y', shape: [2 ** 40, 4] }] }), /its inputs take 17592186044416 bytes, and a request at most 67108864/],
    ['an input of texts', model({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs: [{ name: 'x', type: 'STRING', shape: ['N'] }], outputs: [{ name: 'y', type: 'STRING', shape: ['N'] }] }), /its input x is a tensor of string/],
    ['no output', model({ outputs: [] }), /no output/],
  ];

  test.each(cases)('%s', async (name, bytes, words) => {
    const folder = path.join(workers.folder, name.replaceAll(' ', '-'));
    const file = path.join(folder, 'model', 'net.onnx');
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(path.join(folder, 'secret.bin'), Buffer.alloc(64, 1));
    await writeFile(path.join(folder, 'model', 'inside.bin'), Buffer.alloc(64, 1));
    await symlink('../secret.bin', path.join(folder, 'model', 'link.bin'));
    await writeFile(file, bytes);
    const worker = workers.launchFile(file);
    expect(await worker.ended).toEqual({ code: 3, signal: null });
    expect(worker.output).toMatch(/^cannot serve net: .*\n$/);
    expect(worker.output).toMatch(words);
    expect(`${await worker.refusal()}\n`).toBe(worker.output);
    expect(worker.output).not.toContain(workers.folder);
  });
});

test('a model of which some outputs cannot be sent is served without them', async () => {
  const graph: OnnxGraph = {
    nodes: [{ op: 'Relu', inputs: ['x'], outputs: ['y'] }, { op: 'SequenceConstruct', inputs: ['x'], outputs: ['list'] }],
    inputs: [{ name: 'x', shape: ['N', 4] }],
    outputs: [{ name: 'list', sequenceOf: 'FLOAT' }, { name: 'y', shape: ['N', 4] }],
  };
  const worker = await workers.start(onnxModel(graph));
  expect((await worker.client.metadata(patience())).outputs).toEqual([{ name: 'y', datatype: 'FP32', shape: [-1, 4] }]);
  expect(worker.output).toContain('the output list is no tensor and is left out');
});

test('weights in a file beside the model are found', async () => {
  const file = path.join(workers.folder, 'with-weights', 'net.onnx');
  await mkdir(path.dirname(file));
  await writeFile(path.join(path.dirname(file), 'w.bin'), Buffer.from(Float32Array.of(2, 0, 0, 3).buffer));
  await writeFile(file, onnxModel({ nodes: [{ op: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }], inputs: [{ name: 'x', shape: ['N', 2] }], outputs: [{ name: 'y', shape: ['N', 2] }], weights: [{ name: 'w', dims: [2, 2], values: { location: 'w.bin', bytes: 16 } }] }));
  const worker = workers.launchFile(file);
  await worker.untilReady();
  expect(await worker.client.infer([{ name: 'x', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 1) }], patience())).toMatchObject([{ data: Float32Array.of(2, 3) }]);
});

test('arguments that are wrong are named', async () => {
  const worker = await workers.launch(denseModel([4, 2]), { batch: 0 });
  expect(await worker.ended).toEqual({ code: 2, signal: null });
  expect(worker.output).toBe('--batch: expected a whole number from 1 to 1024\n');
});

test('many processes stage the worker once, and what other versions left goes unless it is used', async () => {
  const folder = path.join(workers.folder, 'staged');
  const [one, two, three] = await Promise.all([0, 1, 2].map(() => new StagedRuntime(folder).stage()));
  expect([two, three]).toEqual([one, one]);
  const runtimes = path.dirname(one!.folder);
  const [old, used] = ['old', 'used'].map((name) => path.join(runtimes, name));
  const hours = (Date.now() - 7_200_000) / 1_000;
  for (const place of [old!, used!, path.join(runtimes, '.part-of-a-dead-process')]) {
    await mkdir(place);
    await utimes(place, hours, hours);
  }
  const runtime = new StagedRuntime(folder);
  await runtime.sweep([used!]);
  expect((await readdir(runtimes)).toSorted()).toEqual([path.basename(one!.folder), 'used'].toSorted());
  await rm(one!.folder, { recursive: true, force: true });
  expect(await runtime.stage(), 'it is made again').toEqual(one);
});
