import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Mask } from './picture.canvas.js';

/** Our own, as a machine may have no fonts; what it lacks (Chinese and many more) is taken from those that the machine has. */
const FONT_FILE = fileURLToPath(import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'));
const FONT = 'DejaVu Sans Bold';
const LONGEST = 60;
const MARKUP: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** A label in one line, its letters as high as `size` pixels says. The text may be anybody's. */
export async function labelMask(label: string, size: number): Promise<Mask> {
  const text = shown(label).replaceAll(/[&<>]/g, (letter) => MARKUP[letter]!);
  const { data, info } = await sharp({ text: { text, font: `${FONT} ${size}px`, fontfile: FONT_FILE, dpi: 72, wrap: 'none' } })
    .toColourspace('b-w')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  return { width: info.width, height: info.height, coverage: data };
}

/** Without letters that are none or that turn the direction of writing. */
function shown(label: string): string {
  const letters = [...label.toWellFormed().replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cn}\p{Co}]/gu, ' ').trim()];
  return (letters.length > LONGEST ? `${letters.slice(0, LONGEST).join('')}…` : letters.join('')) || '?';
}
