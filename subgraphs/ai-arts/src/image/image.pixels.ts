import sharp, { type Metadata, type Sharp } from 'sharp';
import type { DecoderAnswer, ImageContent, ImageLimits, PixelsTask } from './decoder.task.js';
import { placementOf, visiblePart, type Size } from './image.placement.js';
import { ImageRefused } from './image.refused.js';

/** What an image shows where it is transparent. */
const PAPER = '#ffffff';
const MOST_FRAMES = 5_000;
/** Nothing is recognised in what is so much longer than wide. */
const MOST_RATIO = 1_000;
const TYPES: ReadonlySet<string> = new Set(['jpeg', 'png', 'webp', 'gif']);

/** An image whose header is good, and its size as it is looked at. */
export interface OpenedImage {
  image: Sharp;
  size: Size;
}

/** Opens an image for reading once: its first frame, turned as its EXIF data says, on white where it is transparent. @throws ImageRefused, what the decoder fails with */
export async function openImage(content: ImageContent, { pixels }: ImageLimits): Promise<OpenedImage> {
  const image = sharp(content, { autoOrient: true, limitInputPixels: pixels, failOn: 'warning', sequentialRead: true });
  const { format, pages, autoOrient: { width, height } } = await headerOf(image, pixels);
  if (!TYPES.has(format)) throw new ImageRefused('its content is none of jpeg, png, webp and gif');
  if (Math.max(width, height) > MOST_RATIO * Math.min(width, height)) throw new ImageRefused(`it has ${width} × ${height} pixels: one side is more than ${MOST_RATIO} times as long as the other`);
  if ((pages ?? 1) > MOST_FRAMES) throw new ImageRefused(`it has ${pages} frames, more than ${MOST_FRAMES}`);
  return { image: image.flatten({ background: PAPER }), size: { width, height } };
}

async function headerOf(image: Sharp, pixels: number): Promise<Metadata> {
  try {
    return await image.metadata();
  } catch (error) {
    throw (error as Error).message.includes('pixel limit') ? new ImageRefused(`it has more than ${pixels} pixels`) : error;
  }
}

/** The part of an image that a model sees, scaled to the model's size. */
export async function seenPixels({ content, limits, input }: PixelsTask): Promise<DecoderAnswer> {
  const { image, size } = await openImage(content, limits);
  const placement = placementOf(size, input);
  const { scaled } = placement;
  const bytes = await image
    .resize({ ...scaled, fit: 'fill', kernel: 'linear' })
    .extract(visiblePart(placement, input))
    .toColourspace(input.color === 'grey' ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer();
  return { size, bytes };
}
