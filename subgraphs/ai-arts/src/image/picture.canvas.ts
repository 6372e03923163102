import type { Corners, Size } from './image.placement.js';

export type Color = readonly [red: number, green: number, blue: number];

/** How much of each pixel is covered, from 0 to 255. */
export interface Mask extends Size {
  coverage: Uint8Array;
}

const CHANNELS = 3;
const FULL = 255;

/** Pixels in rgb to be drawn on; what is beyond the edges is left out. */
export class PictureCanvas {
  constructor(
    readonly size: Size,
    readonly pixels: Uint8Array,
  ) {}

  /** The edges of a rectangle, inside it. */
  frame({ left, top, right, bottom }: Corners, thickness: number, color: Color): void {
    this.rectangle({ left, top, right, bottom: top + thickness }, color);
    this.rectangle({ left, top: bottom - thickness, right, bottom }, color);
    this.rectangle({ left, top, right: left + thickness, bottom }, color);
    this.rectangle({ left: right - thickness, top, right, bottom }, color);
  }

  rectangle({ left, top, right, bottom }: Corners, color: Color): void {
    const width = Math.round(right) - Math.round(left);
    const height = Math.round(bottom) - Math.round(top);
    if (width > 0 && height > 0) this.#each(Math.round(left), Math.round(top), { width, height }, (at) => this.pixels.set(color, at));
  }

  /** Paints where the mask is. */
  paint(left: number, top: number, mask: Mask, color: Color): void {
    this.#each(Math.round(left), Math.round(top), mask, (at, x, y) => {
      const part = mask.coverage[y * mask.width + x]! / FULL;
      for (let channel = 0; channel < CHANNELS; channel++) this.pixels[at + channel] = Math.round(this.pixels[at + channel]! * (1 - part) + color[channel]! * part);
    });
  }

  #each(left: number, top: number, area: Size, visit: (at: number, x: number, y: number) => void): void {
    const { width, height } = this.size;
    for (let y = Math.max(0, -top); y < Math.min(area.height, height - top); y++) {
      for (let x = Math.max(0, -left); x < Math.min(area.width, width - left); x++) visit(((top + y) * width + left + x) * CHANNELS, x, y);
    }
  }
}
