import type { InputForm } from './model.input.js';

/** Width and height in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Where a picture lies on the input of a model: scaled to `scaled`, with its upper left corner at `left`, `top`, which are negative where it is cut. */
export interface Placement {
  scaled: Size;
  left: number;
  top: number;
}

/** A rectangle by its corners. */
export interface Corners {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** @param picture its size as it is looked at, turned as its EXIF data says */
export function placementOf(picture: Size, { width, height, resize }: Pick<InputForm, 'width' | 'height' | 'resize'>): Placement {
  if (resize === 'stretch') return { scaled: { width, height }, left: 0, top: 0 };
  const ratios = [width / picture.width, height / picture.height];
  const scale = resize === 'letterbox' ? Math.min(...ratios) : Math.max(...ratios);
  const scaled = { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) };
  return { scaled, left: Math.floor((width - scaled.width) / 2), top: Math.floor((height - scaled.height) / 2) };
}

/** The part of the scaled picture that a model sees. */
export function visiblePart({ scaled, left, top }: Placement, input: Size): { left: number; top: number } & Size {
  const skipped = { left: Math.max(0, -left), top: Math.max(0, -top) };
  return { ...skipped, width: Math.min(input.width, scaled.width - skipped.left), height: Math.min(input.height, scaled.height - skipped.top) };
}

/** A rectangle on the model's input, in its pixels, as one on the picture, in the picture's; what is beyond its edges is cut. */
export function onPicture(box: Corners, { scaled, left, top }: Placement, picture: Size): Corners {
  const x = (value: number) => clamp(((value - left) / scaled.width) * picture.width, picture.width);
  const y = (value: number) => clamp(((value - top) / scaled.height) * picture.height, picture.height);
  return { left: x(box.left), top: y(box.top), right: x(box.right), bottom: y(box.bottom) };
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);
