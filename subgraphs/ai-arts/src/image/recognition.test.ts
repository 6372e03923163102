import { describe, expect, it } from 'vitest';
import type { Tensor } from '../drivers/runtime/runtime.js';
import { metadataOf } from '../testkit/model.cards.js';
import { modelCard } from './model.card.js';
import { recognitionOf } from './recognition.js';

const tensor = (name: string, shape: number[], values: ArrayLike<number>): Tensor => ({ name, datatype: 'FP32', shape, data: Float32Array.from(values) });
const SQUARE = { width: 100, height: 100 };

describe('a classifier', () => {
  const told = (values: number[], document: object = {}, options: object = {}) => recognitionOf([tensor('scores', [1, values.length], values)], modelCard(metadataOf([1, 784], { scores: [1, -1] }), document), { top: 3, ...options }, SQUARE).labels;

  it('tells the best classes, by their labels or numbers', () => {
    expect(told([0.125, 0.5, 0.25, 0.125])).toEqual([{ label: '1', score: 0.5 }, { label: '2', score: 0.25 }, { label: '0', score: 0.125 }]);
    expect(told([0.25, 0.75], { labels: ['猫', '<b>'] })).toEqual([{ label: '<b>', score: 0.75 }, { label: '猫', score: 0.25 }]);
    expect(told([0.125, 0.5, 0.375], {}, { minScore: 0.375 })).toHaveLength(2);
  });

  it('has scores as the model says: probabilities as they are, logits by softmax, and either found out', () => {
    expect(told([0.5, 0.25], { scores: 'probability' })[0]?.score).toBe(0.5);
    expect(told([0.5, 0.25], { scores: 'logit' })[0]?.score).toBeCloseTo(1 / (1 + Math.exp(-0.25)), 6);
    expect(told([12, -3, 1]).reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 6);
    expect(told([7, 7], { scores: 'probability' })[0]?.score).toBe(7);
  });

  it('whose numbers are none, or beyond all bounds, still answers with numbers', () => {
    expect(told([Infinity, -Infinity], { scores: 'probability' }).every(({ score }) => Number.isFinite(score))).toBe(true);
    for (const values of [[Number.NaN, 0.5], [Infinity, 1], [-Infinity, -Infinity], [1e38, -1e38]]) expect(told(values).every(({ score }) => Number.isFinite(score))).toBe(true);
  });

  it('that has another number of classes than labels, or no such output, is refused', () => {
    expect(() => told([1, 2, 3], { labels: ['a', 'b'] })).toThrow('there are 2, but the model tells 3 classes apart');
    expect(() => recognitionOf([], modelCard(metadataOf([1, 784]), undefined), { top: 1 }, SQUARE)).toThrow('the model answered without its output scores');
  });

  it('with more numbers than there can be classes is refused, before they fill the memory', () => {
    expect(() => told(Array.from<number>({ length: 100_001 }).fill(0))).toThrow('has 100001 values, which are more classes than 100000');
  });

  it('may answer in halves and whole numbers', () => {
    const card = modelCard(metadataOf([1, 784], { scores: [1, 2] }), { scores: 'probability' });
    const labels = (data: Tensor['data'], datatype: Tensor['datatype']) => recognitionOf([{ name: 'scores', datatype, shape: [1, 2], data }], card, { top: 1 }, SQUARE).labels;
    expect(labels(Uint16Array.from([0x3800, 0x3c00]), 'FP16')).toEqual([{ label: '1', score: 1 }]);
    expect(labels(BigInt64Array.from([3n, 1n]), 'INT64')).toEqual([{ label: '0', score: 3 }]);
  });
});

describe('a detector', () => {
  /** Twice as wide as high, so that in its letterbox of 100 × 100 there are margins of 25. */
  const WIDE = { width: 200, height: 100 };
  const boxesOf = (outputs: Tensor[], detection: object, more: object = {}, picture = WIDE, options: object = {}) => {
    const metadata = metadataOf([1, 3, 100, 100], Object.fromEntries(outputs.map(({ name, shape }) => [name, shape])));
    return recognitionOf(outputs, modelCard(metadata, { labels: ['cat', 'dog'], detection, ...more }), { top: 100, ...options }, picture).boxes;
  };
  const DOG = { label: 'dog', score: 0.75, x: 20, y: 10, width: 40, height: 20 };
  const CAT = { label: 'cat', score: 0.5, x: 100, y: 50, width: 100, height: 50 };
  const near = (boxes: object[]) => boxes.map((box) => Object.fromEntries(Object.entries(box).map(([key, value]) => [key, typeof value === 'number' ? Math.round(value * 1_000) / 1_000 : value])));

  // The same two boxes on the model's input: 10, 30 to 30, 40 and 50, 50 to 100, 75.
  it.each([
    ['xyxy', [0.1, 0.3, 0.3, 0.4, 0.5, 0.5, 1, 0.75]],
    ['yxyx', [0.3, 0.1, 0.4, 0.3, 0.5, 0.5, 0.75, 1]],
    ['xywh', [0.1, 0.3, 0.2, 0.1, 0.5, 0.5, 0.5, 0.25]],
    ['cxcywh', [0.2, 0.35, 0.2, 0.1, 0.75, 0.625, 0.5, 0.25]],
  ])('tells boxes in the pixels of the picture, whatever corners it speaks of: %s', (corners, places) => {
    const outputs = [tensor('b', [1, 2, 4], places), tensor('s', [1, 2], [0.75, 0.5]), tensor('c', [1, 2], [1, 0])];
    expect(near(boxesOf(outputs, { format: 'boxes', boxes: 'b', scores: 's', classes: 'c', corners }))).toEqual([DOG, CAT]);
    const inPixels = [tensor('b', [1, 2, 4], places.map((place) => place * 100)), ...outputs.slice(1)];
    expect(near(boxesOf(inPixels, { format: 'boxes', boxes: 'b', scores: 's', classes: 'c', corners, unit: 'pixel' }))).toEqual([DOG, CAT]);
  });

  const PLACES = tensor('b', [1, 2, 4], [0.1, 0.3, 0.3, 0.4, 0.5, 0.5, 1, 0.75]);

  it('with scores for each class, background first, and a count', () => {
    const scores = tensor('s', [1, 2, 3], [0.25, 0, 0.75, 0.25, 0.5, 0.25]);
    expect(near(boxesOf([PLACES, scores], { format: 'boxes', boxes: 'b', scores: 's', firstClass: 1 }))).toEqual([DOG, CAT]);
    const outputs = [PLACES, tensor('s', [1, 2], [0.75, 0.5]), tensor('c', [1, 2], [2, 1]), tensor('n', [1], [1])];
    expect(near(boxesOf(outputs, { format: 'boxes', boxes: 'b', scores: 's', classes: 'c', count: 'n', firstClass: 1 }))).toEqual([DOG]);
  });

  it('of YOLO in rows with a certainty, or in columns without', () => {
    const rows = tensor('y', [1, 3, 7], [20, 35, 20, 10, 0.75, 0.1, 1, 75, 62.5, 50, 25, 0.5, 1, 0, 0, 0, 1, 1, 0.1, 1, 1]);
    expect(near(boxesOf([rows], { format: 'yolov5' }))).toEqual([DOG, CAT]);
    const columns = tensor('y', [1, 6, 3], [20, 75, 0, 35, 62.5, 0, 20, 50, 1, 10, 25, 1, 0.1, 0.5, 0.1, 0.75, 0.2, 0.1]);
    expect(near(boxesOf([columns], { format: 'yolov8' }))).toEqual([DOG, CAT]);
  });

  it('of anchors in a grid', () => {
    const boxes = tensor('b', [1, 4, 4], [-5, 10, 20, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, -12.5, 50, 25]);
    const scores = tensor('s', [1, 4, 1], [1.0986123, -9, -9, 0]);
    expect(near(boxesOf([boxes, scores], { format: 'anchors', grids: [{ boxes: 'b', scores: 's', perCell: 1 }] }, { scores: 'logit', labels: ['cat'] }))).toEqual([{ ...DOG, label: 'cat' }, CAT]);
  });

  it('of a thing told twice tells the better box, but things of two classes both', () => {
    const places = tensor('b', [1, 3, 4], [0, 0, 0.5, 0.5, 0.02, 0, 0.5, 0.5, 0, 0, 0.5, 0.5]);
    const outputs = (classes: number[]) => [places, tensor('s', [1, 3], [0.5, 0.75, 0.625]), tensor('c', [1, 3], classes)];
    const detection = { format: 'boxes', boxes: 'b', scores: 's', classes: 'c' };
    expect(boxesOf(outputs([0, 0, 0]), detection, {}, SQUARE).map(({ score }) => score)).toEqual([0.75]);
    expect(boxesOf(outputs([0, 0, 1]), detection, {}, SQUARE).map(({ score }) => score)).toEqual([0.75, 0.625]);
    expect(boxesOf(outputs([0, 0, 0]), { ...detection, overlap: 1 }, {}, SQUARE)).toHaveLength(3);
    expect(boxesOf(outputs([0, 0, 1]), detection, {}, SQUARE, { top: 1 })).toHaveLength(1);
    expect(boxesOf(outputs([0, 0, 1]), detection, {}, SQUARE, { minScore: 0.7 })).toHaveLength(1);
  });

  it('never tells a box that is beside the picture, empty, or no number', () => {
    const places = [[0.1, 0, 0.2, 0.1], [0.5, 0.5, 0.5, 0.6], [0.6, 0.5, 0.5, 0.6], [Number.NaN, 0, 1, 1], [-Infinity, -Infinity, Infinity, Infinity]];
    const outputs = [tensor('b', [1, 5, 4], places.flat()), tensor('s', [1, 5], [0.9, 0.9, 0.9, 0.9, 0.9])];
    expect(boxesOf(outputs, { format: 'boxes', boxes: 'b', scores: 's' })).toEqual([expect.objectContaining({ x: 0, y: 0, ...WIDE })]);
    expect(boxesOf([PLACES, tensor('s', [1, 2], [Infinity, 0.1])], { format: 'boxes', boxes: 'b', scores: 's' })).toEqual([]);
    expect(boxesOf([PLACES, tensor('s', [1, 2], [Number.NaN, 0.1])], { format: 'boxes', boxes: 'b', scores: 's' })).toEqual([]);
  });

  it.each([
    [[tensor('y', [1, 3, 4], Array(12).fill(0))], { format: 'yolov5' }, 'yolov5 has [1, boxes, 5 + classes]'],
    [[tensor('y', [1, 4, 3], Array(12).fill(0))], { format: 'yolov8' }, 'yolov8 has [1, 4 + classes, boxes]'],
    [[tensor('y', [1, 5, 500_001], new Float32Array(5 * 500_001))], { format: 'yolov8' }, 'more than 500000'],
    [[tensor('b', [1, 7], Array(7).fill(0)), tensor('s', [1, 2], [1, 1])], { format: 'boxes', boxes: 'b', scores: 's' }, 'no boxes of 4'],
    [[PLACES, tensor('s', [1, 3], [1, 1, 1])], { format: 'boxes', boxes: 'b', scores: 's' }, '3 values for 2 boxes'],
    [[PLACES, tensor('s', [1, 2], [1, 1]), tensor('c', [1, 3], [1, 1, 1])], { format: 'boxes', boxes: 'b', scores: 's', classes: 'c' }, '3 values for 2 boxes'],
    [[PLACES, tensor('s', [1, 2], [1, 1])], { format: 'anchors', grids: [{ boxes: 'b', scores: 's', perCell: 1 }] }, 'no square grid'],
  ])('whose outputs are not as hutong.json says is refused: %#', (outputs, detection, words) => {
    expect(() => boxesOf(outputs, detection)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringContaining(words) }));
  });
});
