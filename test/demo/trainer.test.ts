import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { mnistFiles } from './mnist.js';

// The program that learns digits, as an engine starts it.

const PROGRAM = join(import.meta.dirname, 'trainer/train.js');

let data: string;
let output: string;
beforeEach(async () => {
  [data, output] = await Promise.all([mkdtemp(join(tmpdir(), 'hutong-digits-')), mkdtemp(join(tmpdir(), 'hutong-digits-'))]);
  await put(await mnistFiles({ train: 500, t10k: 100 }));
});
afterEach(() => Promise.all([data, output].map((folder) => rm(folder, { recursive: true }))));

const put = (files: Record<string, Buffer>) => Promise.all(Object.entries(files).map(([name, content]) => writeFile(join(data, name), content)));
const train = (...given: string[]) => spawnSync(process.execPath, [PROGRAM, ...given], { encoding: 'utf8' });
const folders = () => ['--data_path', data, '--output_path', output];

test('it writes a network, and what there is to know of it; with the same seed the same to the byte', async () => {
  const { status, stdout } = train('--epochs', '2', '--reports', '4', ...folders());
  expect(status, stdout).toBe(0);
  const metrics = stdout.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as Record<string, number>);
  expect(metrics.map(({ step, total }) => [step, total])).toEqual([[250, 1_000], [500, 1_000], [750, 1_000], [1_000, 1_000]]);
  expect(metrics.at(-1)!.loss).toBeLessThan(metrics[0]!.loss!);
  expect(await readdir(output)).toEqual(['digits.onnx', 'hutong.json']);
  expect(JSON.parse(await readFile(join(output, 'hutong.json'), 'utf8'))).toMatchObject({ task: 'classify', labels: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'], input: { width: 28, height: 28, color: 'grey' } });
  const network = await readFile(join(output, 'digits.onnx'));
  train('--epochs', '2', '--reports', '1', ...folders());
  expect(network.equals(await readFile(join(output, 'digits.onnx')))).toBe(true);
  train('--epochs', '2', '--seed', '2', ...folders());
  expect(network.equals(await readFile(join(output, 'digits.onnx')))).toBe(false);
});

describe('what it cannot use it refuses in one line', () => {
  test.each([
    ['no folder', () => [], /^--data_path is missing\n$/],
    ['no epochs', () => ['--epochs', '0', ...folders()], /^--epochs: expected a number above 0, got 0\n$/],
    ['half an epoch', () => ['--epochs', '0.5', ...folders()], /^--epochs: /],
    ['another folder', () => ['--data_path', output, '--output_path', output], /^ENOENT: .*train-images-idx3-ubyte'\n$/],
  ])('%s', (_what, given, message) => {
    const { status, stderr } = train(...given());
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  test.each([
    ['labels in place of images', (files: Record<string, Buffer>) => ({ 'train-images-idx3-ubyte': files['train-labels-idx1-ubyte']! }), /no IDX file/],
    ['a file that was cut off', (files: Record<string, Buffer>) => ({ 'train-images-idx3-ubyte': files['train-images-idx3-ubyte']!.subarray(0, 1_000) }), /not as many bytes/],
    ['an empty file', () => ({ 'train-images-idx3-ubyte': Buffer.alloc(0) }), /no IDX file/],
    ['labels of other images', async () => ({ 'train-labels-idx1-ubyte': (await mnistFiles({ train: 400 }))['train-labels-idx1-ubyte']! }), /500 images, but 400 labels/],
  ])('%s', async (_what, spoil, message) => {
    await put(await spoil(await mnistFiles({ train: 500, t10k: 100 })));
    const { status, stderr } = train(...folders());
    expect([status, stderr]).toEqual([2, expect.stringMatching(message)]);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });
});
