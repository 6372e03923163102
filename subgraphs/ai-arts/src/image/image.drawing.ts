import sharp from 'sharp';
import type { DecoderAnswer, DrawingTask } from './decoder.task.js';
import { openImage } from './image.pixels.js';
import { labelMask } from './label.mask.js';
import { PictureCanvas, type Color } from './picture.canvas.js';
import type { RecognizedBox } from './recognition.js';

/** On a side; a larger image is made smaller. */
const MOST_SIDE = 2_048;
const WHITE: Color = [255, 255, 255];
/** White letters can be read on all of them. */
const COLORS: readonly Color[] = [[200, 30, 30], [20, 90, 200], [10, 120, 60], [130, 50, 170], [180, 80, 0], [0, 110, 120], [190, 20, 110], [90, 90, 20]];

/** A png of an image with boxes and their labels, the best ones on top. @throws ImageRefused, what the decoder fails with */
export async function drawnPicture({ content, limits, boxes }: DrawingTask): Promise<DecoderAnswer> {
  const { image, size } = await openImage(content, limits);
  const scale = Math.min(1, MOST_SIDE / Math.max(size.width, size.height));
  const width = Math.max(1, Math.round(size.width * scale));
  const height = Math.max(1, Math.round(size.height * scale));
  const pixels = await image.resize({ width, height, fit: 'fill' }).toColourspace('srgb').raw({ depth: 'uchar' }).toBuffer();
  const canvas = new PictureCanvas({ width, height }, pixels);
  const colors = new Map<string, Color>();
  for (const { label } of boxes) if (!colors.has(label)) colors.set(label, COLORS[colors.size % COLORS.length]!);
  for (const box of boxes.toReversed()) await drawBox(canvas, scaledBox(box, scale), colors.get(box.label)!);
  return { size, bytes: await sharp(canvas.pixels, { raw: { width, height, channels: 3 } }).png().toBuffer() };
}

async function drawBox(canvas: PictureCanvas, { label, score, x: left, y: top, width, height }: RecognizedBox, color: Color): Promise<void> {
  const { size } = canvas;
  const longer = Math.max(size.width, size.height);
  const thickness = Math.max(1, Math.round(longer / 400));
  const letters = Math.max(10, Math.round(longer / 55));
  const margin = Math.ceil(letters / 4);
  canvas.frame({ left, top, right: left + width, bottom: top + height }, thickness, color);
  const mask = await labelMask(`${label} ${score.toFixed(2)}`, letters);
  const plate = { width: mask.width + 2 * margin, height: mask.height + 2 * margin };
  // On the box, or in it where there is no room above; within the picture.
  const plateLeft = Math.max(0, Math.min(left, size.width - plate.width));
  const plateTop = top >= plate.height ? top - plate.height : top;
  canvas.rectangle({ left: plateLeft, top: plateTop, right: plateLeft + plate.width, bottom: plateTop + plate.height }, color);
  canvas.paint(plateLeft + margin, plateTop + margin, mask, WHITE);
}

const scaledBox = ({ label, score, x, y, width, height }: RecognizedBox, scale: number): RecognizedBox => ({ label, score, x: x * scale, y: y * scale, width: width * scale, height: height * scale });
