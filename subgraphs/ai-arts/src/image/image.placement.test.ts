import fc from 'fast-check';
import { expect, it } from 'vitest';
import { classifierCard } from '../testkit/model.cards.js';
import { onPicture, placementOf, visiblePart } from './image.placement.js';
import { tensorOf } from './image.tensor.js';
import type { InputForm } from './model.input.js';

const side = fc.integer({ min: 1, max: 4_000 });
const size = fc.record({ width: side, height: side });
const resize = fc.constantFrom<InputForm['resize']>('stretch', 'letterbox', 'crop');
const share = fc.double({ min: 0, max: 1, noNaN: true });

it('a box on what a model sees is the same box on the picture, to the pixel', () => {
  fc.assert(
    fc.property(size, size, resize, share, share, share, share, (picture, input, how, a, b, c, d) => {
      const placement = placementOf(picture, { ...input, resize: how });
      const box = { left: Math.min(a, b) * picture.width, right: Math.max(a, b) * picture.width, top: Math.min(c, d) * picture.height, bottom: Math.max(c, d) * picture.height };
      const onInput = (value: number, of: 'width' | 'height') => (value / picture[of]) * placement.scaled[of] + (of === 'width' ? placement.left : placement.top);
      const found = onPicture({ left: onInput(box.left, 'width'), right: onInput(box.right, 'width'), top: onInput(box.top, 'height'), bottom: onInput(box.bottom, 'height') }, placement, picture);
      for (const edge of ['left', 'right', 'top', 'bottom'] as const) expect(found[edge]).toBeCloseTo(box[edge], 4);
    }),
  );
});

it('a picture in a letterbox is whole and in its own proportions, and a crop leaves no margin', () => {
  fc.assert(
    fc.property(size, size, (picture, input) => {
      const whole = placementOf(picture, { ...input, resize: 'letterbox' });
      expect(visiblePart(whole, input)).toEqual({ left: 0, top: 0, ...whole.scaled });
      expect(Math.abs(whole.scaled.width * picture.height - whole.scaled.height * picture.width)).toBeLessThanOrEqual(Math.max(picture.width, picture.height));
      const middle = placementOf(picture, { ...input, resize: 'crop' });
      expect(visiblePart(middle, input)).toMatchObject(input);
    }),
  );
});

it('what is beyond the picture is cut', () => {
  const placement = placementOf({ width: 100, height: 40 }, { width: 10, height: 10, resize: 'letterbox' });
  expect(onPicture({ left: -5, top: 0, right: 50, bottom: 5 }, placement, { width: 100, height: 40 })).toEqual({ left: 0, top: 0, right: 100, bottom: 20 });
});

it('every pixel stands where the layout has it, in each order of colours and type of numbers, and the margin is grey', () => {
  const form = fc.record({
    input: fc.record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) }),
    picture: fc.record({ width: fc.integer({ min: 1, max: 12 }), height: fc.integer({ min: 1, max: 12 }) }),
    layout: fc.constantFrom('NCHW' as const, 'NHWC' as const),
    color: fc.constantFrom('grey' as const, 'rgb' as const, 'bgr' as const),
    datatype: fc.constantFrom('FP32' as const, 'FP64' as const, 'UINT8' as const, 'INT32' as const, 'INT64' as const),
    how: resize,
  });
  fc.assert(
    fc.property(form, fc.infiniteStream(fc.nat(255)), ({ input: { width, height }, picture, layout, color, datatype, how }, levels) => {
      const channels = color === 'grey' ? 1 : 3;
      const isWhole = datatype.includes('INT');
      const { input } = classifierCard(layout === 'NCHW' ? [1, channels, height, width] : [1, height, width, channels], { layout, width, height, channels, color, datatype, resize: how, scale: isWhole ? 1 : 0.5, mean: [3, 2, 1].slice(-channels), std: [1, 1, 1].slice(-channels), pad: 114 });
      const placement = placementOf(picture, input);
      const part = visiblePart(placement, input);
      const pixels = Uint8Array.from({ length: part.width * part.height * channels }, () => levels.next().value as number);
      const { data } = tensorOf(pixels, placement, { ...input, datatype });
      for (let y = 0; y < height; y++) {
        for (let x = 0; x < width; x++) {
          for (let channel = 0; channel < channels; channel++) {
            const [px, py] = [x - Math.max(0, placement.left), y - Math.max(0, placement.top)];
            const isInside = px >= 0 && py >= 0 && px < part.width && py < part.height;
            const level = isInside ? pixels[(py * part.width + px) * channels + (color === 'bgr' ? 2 - channel : channel)]! : 114;
            const value = level * input.scale - input.mean[channel]!;
            const at = layout === 'NCHW' ? (channel * height + y) * width + x : (y * width + x) * channels + channel;
            expect(Number(data[at])).toBe(datatype === 'UINT8' ? Math.max(0, value) : value);
          }
        }
      }
    }),
  );
});

it('halves are handed on as their bits', () => {
  const { input } = classifierCard([1, 1, 1, 2], { datatype: 'FP16', scale: 1 });
  const { data } = tensorOf(Uint8Array.from([1, 2]), placementOf({ width: 2, height: 1 }, input), input);
  expect(Array.from(data as Uint16Array)).toEqual([0x3c00, 0x4000]);
});
