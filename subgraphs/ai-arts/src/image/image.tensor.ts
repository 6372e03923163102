/// <reference lib="esnext.float16" />
import type { Datatype, Tensor, TensorData } from '../drivers/runtime/runtime.js';
import type { InputForm } from './model.input.js';
import { visiblePart, type Placement } from './image.placement.js';

const LEVELS = 256;

/** What takes the values of each type; halves are handed on as their bits. */
const MEMORY: Partial<Record<Datatype, new (length: number) => TensorData | Float16Array>> = {
  FP16: Float16Array,
  FP32: Float32Array,
  FP64: Float64Array,
  UINT8: Uint8ClampedArray as unknown as new (length: number) => Uint8Array,
  INT8: Int8Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
};

/**
 * Lays pixels out as a model takes them.
 *
 * @param pixels of the part of the picture that the model sees, from left to right and top to bottom, a byte a channel, in grey or rgb
 */
export function tensorOf(pixels: Uint8Array, placement: Placement, input: InputForm): Tensor {
  const { width, height, channels, layout, name, datatype, shape } = input;
  const part = visiblePart(placement, input);
  const tables = levelsOf(input);
  const data = new MEMORY[datatype]!(width * height * channels);
  const [perPixel, perChannel] = layout === 'NCHW' ? [1, width * height] : [channels, 1];
  const isCovered = part.width === width && part.height === height;
  for (let channel = 0; channel < channels; channel++) {
    const table = tables[channel]!;
    const from = input.color === 'bgr' ? channels - 1 - channel : channel;
    const to = channel * perChannel;
    if (!isCovered) for (let pixel = 0; pixel < width * height; pixel++) data[to + pixel * perPixel] = table[input.pad]!;
    for (let y = 0; y < part.height; y++) {
      let source = y * part.width * channels + from;
      let target = to + ((y + Math.max(0, placement.top)) * width + Math.max(0, placement.left)) * perPixel;
      for (let x = 0; x < part.width; x++, source += channels, target += perPixel) data[target] = table[pixels[source]!]!;
    }
  }
  return { name, datatype, shape, data: data instanceof Float16Array ? new Uint16Array(data.buffer) : data };
}

/** The value of each of the 256 levels, for every channel. */
function levelsOf({ channels, scale, mean, std, datatype }: InputForm): (number | bigint)[][] {
  const isWhole = datatype.includes('INT');
  return Array.from({ length: channels }, (_channel, channel) =>
    Array.from({ length: LEVELS }, (_level, level) => {
      const value = (level * scale - mean[channel]!) / std[channel]!;
      if (datatype === 'INT64') return BigInt(Math.round(value));
      return isWhole ? Math.round(value) : value;
    }),
  );
}
