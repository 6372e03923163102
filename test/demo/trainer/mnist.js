import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const IMAGES = 0x0803;
const LABELS = 0x0801;

/**
 * Images and their labels, as MNIST's own files hold them.
 *
 * @param {string} folder where the two files are
 * @param {'train' | 't10k'} part the images to learn from, or those to be tested with
 * @param {number} [most] takes no more than the first so many
 * @returns {{ count: number, width: number, height: number, pixels: Uint8Array, labels: Uint8Array }} pixels from 0 to 255, image after image
 */
export function readMnist(folder, part, most = Infinity) {
  const images = openIdx(join(folder, `${part}-images-idx3-ubyte`), IMAGES);
  const labels = openIdx(join(folder, `${part}-labels-idx1-ubyte`), LABELS);
  const [there, height, width] = images.sizes;
  if (there !== labels.sizes[0]) throw new Error(`${part}: ${there} images, but ${labels.sizes[0]} labels`);
  const count = Math.min(there, most);
  return { count, width, height, pixels: images.bytes.subarray(0, count * width * height), labels: labels.bytes.subarray(0, count) };
}

/** An IDX file: a magic number, whose last byte tells how many sizes follow, and the bytes. */
function openIdx(file, magic) {
  const content = readFileSync(file);
  if (content.length < 8 || content.readUInt32BE(0) !== magic) throw new Error(`${file} is no IDX file of the kind that was expected`);
  const sizes = Array.from({ length: magic & 0xff }, (_, at) => content.readUInt32BE(4 + 4 * at));
  const bytes = content.subarray(4 + 4 * sizes.length);
  if (bytes.length !== sizes.reduce((product, size) => product * size, 1)) throw new Error(`${file} has not as many bytes as it says`);
  return { sizes, bytes };
}
