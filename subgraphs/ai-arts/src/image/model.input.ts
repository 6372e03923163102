import { badInput } from '@hutong/common';
import { ELEMENT_TYPES } from '../drivers/runtime/protocol/tensor.js';
import type { Datatype, ModelMetadata, TensorMetadata } from '../drivers/runtime/runtime.js';
import { documentFault, type ModelDocument } from './model.document.js';

/** How a picture becomes the input of a model. */
export interface InputForm {
  name: string;
  datatype: Datatype;
  /** Of the tensor, with a first dimension of one where the model takes several pictures at a time. */
  shape: readonly number[];
  width: number;
  height: number;
  /** In which order the values stand: channel by channel, pixel by pixel, or as pixels in a single row. */
  layout: 'NCHW' | 'NHWC' | 'FLAT';
  color: 'grey' | 'rgb' | 'bgr';
  channels: 1 | 3;
  /** A value is (0…255 × scale − mean) / std, with one mean and std a channel. */
  scale: number;
  mean: readonly number[];
  std: readonly number[];
  /** Stretched to the size; whole, with a margin of the grey `pad`; or the middle of it. */
  resize: 'stretch' | 'letterbox' | 'crop';
  pad: number;
}

type Asked = ModelDocument['input'];
/** What a shape tells; 0 is a size that it leaves open. */
interface Told {
  layout: InputForm['layout'];
  width: number;
  height: number;
  channels: number;
}

/** Types that a pixel's value can be given as. */
const DATATYPES: ReadonlySet<string> = new Set<Datatype>(['FP16', 'FP32', 'FP64', 'UINT8', 'INT8', 'INT32', 'INT64']);
const MOST_SIDE = 8_192;
/** Of one picture as the model takes it: every request holds it in memory, and a worker takes no more. */
const MOST_BYTES = 63 * 1024 ** 2;

/** @throws BAD_INPUT */
export function inputForm({ inputs }: ModelMetadata, { input: asked }: ModelDocument, task: 'classify' | 'detect'): InputForm {
  const { name, datatype, shape } = pictureInput(inputs, asked.name);
  if (!DATATYPES.has(datatype)) throw badInput({ problem: `the model's input ${name} is of type ${datatype}, which no picture can become` });
  const told = toldBy(shape, asked);
  const width = agreed('width', told.width, asked.width, shape);
  const height = agreed('height', told.height, asked.height, shape);
  const channels = channelsOf(told, asked, shape, width * height);
  if (told.layout === 'FLAT') requireFlat(shape, width * height * channels);
  requireSmall(width * height * channels * ELEMENT_TYPES[datatype as Datatype].bytes);
  const color = asked.color ?? (channels === 1 ? 'grey' : 'rgb');
  const isWhole = datatype.includes('INT');
  return {
    name,
    datatype: datatype as Datatype,
    shape: given(shape, told.layout, { width, height, channels }),
    width,
    height,
    layout: told.layout,
    color,
    channels,
    scale: asked.scale ?? (isWhole ? 1 : 1 / 255),
    mean: perChannel('mean', asked.mean ?? [0], channels),
    std: requireNonZero(perChannel('std', asked.std ?? [1], channels)),
    resize: asked.resize ?? (task === 'detect' ? 'letterbox' : 'stretch'),
    pad: asked.pad ?? 114,
  };
}

function pictureInput(inputs: readonly TensorMetadata[], name: string | undefined): TensorMetadata {
  const [first] = inputs;
  const names = inputs.map((input) => input.name).join(', ');
  if (inputs.length !== 1 || !first) throw badInput({ problem: `the model has ${inputs.length} inputs (${names}); a model that recognises pictures has one` });
  if (name !== undefined && name !== first.name) throw documentFault('input.name', `the model's input is called ${first.name}`);
  return first;
}

function toldBy(shape: readonly number[], asked: Asked): Told {
  const [first = 1] = shape;
  const isBatch = !(shape.length === 3 && first === 3) && !(shape.length === 3 && shape[2] === 3 && first !== 1);
  if (isBatch && first > 1) throw badInput({ problem: `the model takes exactly ${first} pictures at a time (shape ${shown(shape)}); export it with a first dimension that is free, or 1` });
  const sizes = (isBatch ? shape.slice(1) : shape).map((size) => (size < 1 ? 0 : size));
  if (sizes.length === 1) return { layout: requireLayout('FLAT', asked, shape), ...flatSides(sizes[0]!, asked), channels: 0 };
  if (sizes.length === 2) return { layout: 'FLAT', height: sizes[0]!, width: sizes[1]!, channels: 1 };
  if (sizes.length !== 3) throw badInput({ problem: `the model's input has the shape ${shown(shape)}, which is none of a picture: expected [N, values], [N, height, width], [N, channels, height, width] or [N, height, width, channels]` });
  const [a, b, c] = sizes as [number, number, number];
  const layout = asked.layout ?? (isChannels(a) ? 'NCHW' : isChannels(c) ? 'NHWC' : undefined);
  if (layout === undefined) throw documentFault('input.layout', `the shape ${shown(shape)} does not tell it: give NCHW or NHWC`);
  return requireLayout(layout, asked, shape) === 'NCHW' ? { layout: 'NCHW', channels: a, height: b, width: c } : { layout: 'NHWC', height: a, width: b, channels: c };
}

/** @returns the layout. @throws BAD_INPUT when the document has one that does not fit */
function requireLayout(layout: InputForm['layout'], asked: Asked, shape: readonly number[]): InputForm['layout'] {
  const isFlat = shape.length < 3;
  if (asked.layout !== undefined && (asked.layout === 'FLAT') !== isFlat) throw documentFault('input.layout', `the shape of the model's input is ${shown(shape)}, which is not ${asked.layout}`);
  return layout;
}

/** The sides of a picture whose values stand in one row: given, or those of a square. */
function flatSides(values: number, { width, height, color }: Asked): { width: number; height: number } {
  const pixels = values / (color === 'rgb' || color === 'bgr' ? 3 : 1);
  if (width !== undefined && height !== undefined) return { width, height };
  if (width !== undefined) return { width, height: pixels / width };
  if (height !== undefined) return { width: pixels / height, height };
  const root = Math.sqrt(pixels);
  return { width: root, height: root };
}

function agreed(member: 'width' | 'height', told: number, asked: number | undefined, shape: readonly number[]): number {
  if (told > 0 && asked !== undefined && told !== asked) throw documentFault(`input.${member}`, `${asked} is not what the model takes (shape ${shown(shape)})`);
  const size = asked ?? told;
  if (size >= 1 && size <= MOST_SIDE && Number.isInteger(size)) return size;
  throw documentFault(`input.${member}`, `the shape of the model's input, ${shown(shape)}, does not tell it: give a whole number from 1 to ${MOST_SIDE}`);
}

function channelsOf(told: Told, { color }: Asked, shape: readonly number[], pixels: number): 1 | 3 {
  const values = shape.at(-1)!;
  const counted = told.layout === 'FLAT' && told.channels === 0 && values > 0 ? values / pixels : told.channels;
  const asked = color === undefined ? undefined : color === 'grey' ? 1 : 3;
  if (counted > 0 && !isChannels(counted)) {
    throw documentFault('input', `the model's input has the shape ${shown(shape)}, which is neither one channel (grey) nor three of ${pixels} pixels`);
  }
  if (asked !== undefined && counted > 0 && asked !== counted) throw documentFault('input.color', `the model takes ${counted === 1 ? 'one channel, which is grey' : 'three channels: rgb or bgr'}`);
  const channels = asked ?? counted;
  if (isChannels(channels)) return channels;
  throw documentFault('input.color', `the shape of the model's input, ${shown(shape)}, does not tell it: give grey, rgb or bgr`);
}

function requireFlat(shape: readonly number[], values: number): void {
  const told = shape.length === 2 ? shape[1]! : values;
  if (told > 0 && told !== values) throw documentFault('input', `width × height × channels is ${values}, but the model takes ${told} values`);
}

function requireSmall(bytes: number): void {
  if (bytes > MOST_BYTES) throw documentFault('input', `a picture of this size would be ${bytes} bytes for the model, and may be ${MOST_BYTES}: give a smaller width and height, or export a model that takes smaller pictures`);
}

function given(shape: readonly number[], layout: InputForm['layout'], { width, height, channels }: { width: number; height: number; channels: number }): number[] {
  const sizes = layout === 'NCHW' ? [channels, height, width] : layout === 'NHWC' ? [height, width, channels] : shape.length === 2 ? [width * height * channels] : [height, width];
  return shape.length > sizes.length ? [1, ...sizes] : sizes;
}

function perChannel(member: 'mean' | 'std', values: readonly number[], channels: number): number[] {
  if (values.length !== 1 && values.length !== channels) throw documentFault(`input.${member}`, `expected one number, or one for each of the ${channels} channels`);
  return Array.from({ length: channels }, (_, channel) => values[channel] ?? values[0]!);
}

function requireNonZero(std: number[]): number[] {
  if (std.some((value) => value === 0)) throw documentFault('input.std', 'values are divided by it, so it cannot be 0');
  return std;
}

const isChannels = (count: number): count is 1 | 3 => count === 1 || count === 3;

/** A shape as it is written; N is a size that is free. */
const shown = (shape: readonly number[]): string => `[${shape.map((size) => (size < 0 ? 'N' : size)).join(', ')}]`;
