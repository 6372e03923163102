import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { metadataOf } from '../testkit/model.cards.js';
import { modelCard } from './model.card.js';
import { readModelFolder } from './model.folder.js';

describe('a model that says nothing of itself but its shapes', () => {
  it.each([
    [[-1, 784], { layout: 'FLAT', width: 28, height: 28, color: 'grey', shape: [1, 784] }],
    [[-1, 28, 28], { layout: 'FLAT', width: 28, height: 28, color: 'grey', shape: [1, 28, 28] }],
    [[-1, 1, 28, 20], { layout: 'NCHW', width: 20, height: 28, color: 'grey', shape: [1, 1, 28, 20] }],
    [[1, 3, 224, 200], { layout: 'NCHW', width: 200, height: 224, color: 'rgb', shape: [1, 3, 224, 200] }],
    [[-1, 224, 200, 3], { layout: 'NHWC', width: 200, height: 224, color: 'rgb', shape: [1, 224, 200, 3] }],
    [[1, 32, 32, 1], { layout: 'NHWC', width: 32, height: 32, color: 'grey', shape: [1, 32, 32, 1] }],
    [[3, 64, 32], { layout: 'NCHW', width: 32, height: 64, color: 'rgb', shape: [3, 64, 32] }],
    [[64, 32, 3], { layout: 'NHWC', width: 32, height: 64, color: 'rgb', shape: [64, 32, 3] }],
  ])('of %j gets pictures in that form, from 0 to 1', (shape, form) => {
    expect(modelCard(metadataOf(shape), undefined)).toMatchObject({ task: 'classify', output: 'scores', scores: null, labels: null, input: { ...form, scale: 1 / 255, resize: 'stretch' } });
  });

  it('gets whole numbers as they are when it takes such', () => {
    expect(modelCard(metadataOf([1, 8, 8, 3], undefined, 'UINT8'), undefined).input).toMatchObject({ scale: 1, datatype: 'UINT8' });
  });

  it.each([
    [[-1, 3, -1, -1], {}, 'hutong.json input.width', 'give a whole number'],
    [[-1, -1], {}, 'hutong.json input.width', 'give a whole number'],
    [[-1, 700], {}, 'hutong.json input.width', 'give a whole number'],
    [[-1, 5, 28, 28], {}, 'hutong.json input.layout', 'give NCHW or NHWC'],
    [[-1, -1, 28, 28], { input: { layout: 'NCHW' } }, 'hutong.json input.color', 'give grey, rgb or bgr'],
    [[8, 784], {}, undefined, 'export it with a first dimension that is free, or 1'],
    [[-1, 3, 8, 28, 28], {}, undefined, 'which is none of a picture'],
    [[1, 784], { input: { width: 29, height: 28 } }, 'hutong.json input', 'nor three of 812 pixels'],
    [[1, 3, 8, 8], { input: { width: 9 } }, 'hutong.json input.width', '9 is not what the model takes'],
    [[1, 3, 8, 8], { input: { color: 'grey' } }, 'hutong.json input.color', 'three channels'],
    [[1, 3, 8, 8], { input: { mean: [0, 0] } }, 'hutong.json input.mean', '3 channels'],
    [[1, 3, 8, 8], { input: { std: 0 } }, 'hutong.json input.std', 'cannot be 0'],
    [[1, 3, 8, 8], { input: { layout: 'FLAT' } }, 'hutong.json input.layout', 'not FLAT'],
    [[-1, 3, -1, -1], { input: { width: 8_192, height: 8_192 } }, 'hutong.json input', 'smaller width and height'],
    [[1, 3, 8, 8], { input: { widht: 8 } }, 'hutong.json input', 'widht'],
    [[1, 3, 8, 8], { task: 'dance' }, 'hutong.json task', 'classify'],
    [[1, 3, 8, 8], [], 'hutong.json', 'object'],
    [[1, 3, 8, 8], { task: 'detect' }, 'hutong.json detection', 'how its outputs are read'],
    [[1, 3, 8, 8], { output: 'mask' }, 'hutong.json output', 'it has scores'],
    [[1, 3, 8, 8], { task: 'classify', detection: { format: 'yolov8' } }, 'hutong.json detection', 'task is detect'],
    [[1, 3, 8, 8], { detection: { format: 'boxes', boxes: 'scores' } }, 'hutong.json detection.scores', 'name the output'],
    [[1, 3, 8, 8], { detection: { format: 'anchors' } }, 'hutong.json detection.grids', 'name the outputs'],
  ])('of %j with %j is refused with a remedy', (shape, document, field, words) => {
    const card = () => modelCard(metadataOf(shape), document);
    expect(card).toThrow(expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining(words) }));
    expect(card).toThrow(expect.objectContaining({ extensions: expect.objectContaining(field === undefined ? {} : { field }) }));
  });

  it('is refused with more than one input, one that is no number, or outputs that are boxes', () => {
    const two = metadataOf([1, 784]);
    two.inputs.push({ name: 'length', datatype: 'FP32', shape: [1] });
    expect(() => modelCard(two, undefined)).toThrow('has 2 inputs (image, length)');
    expect(() => modelCard(metadataOf([1, 784], undefined, 'BYTES'), undefined)).toThrow('of type BYTES');
    expect(() => modelCard(metadataOf([1, 3, 8, 8], { out: [1, 84, 8400] }), undefined)).toThrow('is its task detect?');
    expect(() => modelCard(metadataOf([1, 3, 8, 8], { a: [1, 2], b: [1, 2] }), undefined)).toThrow('name the one with the scores (a, b)');
  });
});

describe('hutong.json', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'hutong-model-'));
    await mkdir(path.join(folder, 'export'));
  });
  afterAll(() => rm(folder, { recursive: true }));
  const written = async (files: Record<string, string | Buffer>) => {
    for (const [name, text] of Object.entries(files)) await writeFile(path.join(folder, 'export', name), text);
    return readModelFolder(folder, 'export/model.onnx');
  };

  it('tells what the shapes do not', () => {
    const card = modelCard(metadataOf([-1, -1, -1, -1]), { input: { layout: 'NHWC', width: 20, height: 10, color: 'bgr', mean: [1, 2, 3], std: 2, scale: 1, resize: 'crop' }, scores: 'logit' });
    expect(card.input).toMatchObject({ shape: [1, 10, 20, 3], channels: 3, color: 'bgr', mean: [1, 2, 3], std: [2, 2, 2], scale: 1, resize: 'crop' });
    expect(card.scores).toBe('logit');
  });

  it('need not be there', async () => {
    expect(await readModelFolder(folder, 'model.onnx')).toEqual({ document: undefined });
  });

  it('lies beside the model, and labels in it or in a file: a label a line, or a list', async () => {
    const labels = ['猫', 'dog', ''];
    expect((await written({ 'hutong.json': JSON.stringify({ labels }) })).document?.labels).toEqual(labels);
    expect((await written({ 'hutong.json': '{"labels":"names.txt"}', 'names.txt': '猫\r\ndog\nbird\n' })).document?.labels).toEqual(['猫', 'dog', 'bird']);
    expect((await written({ 'hutong.json': '{"labels":"names.json"}', 'names.json': JSON.stringify(labels) })).document?.labels).toEqual(labels);
  });

  it.each([
    ['{', {}, 'BAD_INPUT', 'it is not JSON'],
    ['{"labels":"gone.txt"}', {}, 'BAD_INPUT', 'there is no file gone.txt beside the model'],
    ['{"labels":"../../etc/passwd"}', {}, 'PATH_INVALID', 'leads elsewhere'],
    ['{"labels":"/etc/passwd"}', {}, 'PATH_INVALID', 'absolute'],
    ['{"labels":"odd.txt"}', { 'odd.txt': Buffer.from([0xff, 0xfe, 0x00]) }, 'BAD_INPUT', 'not UTF-8'],
    ['{"labels":"list.json"}', { 'list.json': '[1, 2]' }, 'BAD_INPUT', 'hutong.json labels'],
  ])('is refused as %s', async (text, files, code, words) => {
    await expect(written({ ...files, 'hutong.json': text })).rejects.toMatchObject({ code, message: expect.stringContaining(words) });
  });
});
