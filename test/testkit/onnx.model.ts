// ONNX files, good and bad, written field by field. The numbers are those of onnx.proto.
type Bytes = Uint8Array;

/** Types of elements. */
export const ONNX_TYPES = { FLOAT: 1, UINT8: 2, INT32: 6, INT64: 7, STRING: 8, BOOL: 9, FLOAT16: 10, DOUBLE: 11, BFLOAT16: 16 } as const;
type OnnxType = keyof typeof ONNX_TYPES;
const ATTRIBUTE = { FLOAT: 1, INT: 2, GRAPH: 5, TENSOR: 4, INTS: 7 } as const;

/** An input or output: of dimensions a size, or the name of a free one; null: none are declared. */
export interface OnnxValue {
  name: string;
  type?: OnnxType;
  shape: readonly (number | string)[] | null;
}

/** Weights in the file, or said to be in another one. */
export interface OnnxWeights {
  name: string;
  dims: readonly number[];
  values: Float32Array | BigInt64Array | { location: string; bytes: number };
}

export interface OnnxNode {
  op: string;
  inputs: readonly string[];
  outputs: readonly string[];
  domain?: string;
  attributes?: Readonly<Record<string, number | readonly number[] | { graph: OnnxGraph } | { tensor: OnnxWeights }>>;
}

export interface OnnxGraph {
  nodes: readonly OnnxNode[];
  inputs: readonly OnnxValue[];
  outputs: readonly (OnnxValue | { name: string; sequenceOf: OnnxType })[];
  weights?: readonly OnnxWeights[];
}

/** The file of a model. */
export const onnxModel = (graph: OnnxGraph, domains: readonly string[] = []): Buffer =>
  Buffer.concat([number(1, 8), text(2, 'test'), ...['', ...domains].map((domain) => message(8, [text(1, domain), number(2, domain === '' ? 17 : 1)])), message(7, graphOf(graph))]);

/** A network of dense layers from rows `x` to shares `prob`, the same for the same seed. */
export function denseModel(sizes: readonly number[], { rows = 'N', seed = 1 }: { rows?: number | string; seed?: number } = {}): Buffer {
  const random = randomNumbers(seed);
  const layers = sizes.slice(1).map((size, index) => ({ from: sizes[index]!, to: size, name: `w${index}` }));
  const weights = layers.map(({ from, to, name }): OnnxWeights => ({ name, dims: [from, to], values: Float32Array.from({ length: from * to }, () => (random() - 0.5) * Math.sqrt(12 / from)) }));
  const nodes = layers.flatMap(({ name }, index): OnnxNode[] => {
    const isLast = index === layers.length - 1;
    const multiply = { op: 'MatMul', inputs: [index === 0 ? 'x' : `h${index}`, name], outputs: [`z${index}`] };
    return [multiply, isLast ? { op: 'Softmax', inputs: [`z${index}`], outputs: ['prob'], attributes: { axis: -1 } } : { op: 'Relu', inputs: [`z${index}`], outputs: [`h${index + 1}`] }];
  });
  return onnxModel({ nodes, weights, inputs: [{ name: 'x', shape: [rows, sizes[0]!] }], outputs: [{ name: 'prob', shape: [rows, sizes.at(-1)!] }] });
}

/** Numbers from 0 to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

const graphOf = ({ nodes, inputs, outputs, weights = [] }: OnnxGraph): Bytes[] => [
  ...nodes.map((node) => message(1, nodeOf(node))),
  text(2, 'graph'),
  ...weights.map((tensor) => message(5, tensorOf(tensor))),
  ...inputs.map((value) => message(11, valueOf(value))),
  ...outputs.map((value) => message(12, 'sequenceOf' in value ? [text(1, value.name), message(2, [message(4, [message(1, [typeOf(value.sequenceOf, [])])])])] : valueOf(value))),
];

const nodeOf = ({ op, inputs, outputs, domain = '', attributes = {} }: OnnxNode): Bytes[] => [
  ...inputs.map((name) => text(1, name)),
  ...outputs.map((name) => text(2, name)),
  text(4, op),
  ...Object.entries(attributes).map(([name, value]) => message(5, [text(1, name), ...attributeOf(value)])),
  text(7, domain),
];

function attributeOf(value: NonNullable<OnnxNode['attributes']>[string]): Bytes[] {
  if (typeof value === 'number') return [number(3, value), number(20, ATTRIBUTE.INT)];
  if ('graph' in value) return [message(6, graphOf(value.graph)), number(20, ATTRIBUTE.GRAPH)];
  if ('tensor' in value) return [message(5, tensorOf(value.tensor)), number(20, ATTRIBUTE.TENSOR)];
  return [...value.map((one) => number(8, one)), number(20, ATTRIBUTE.INTS)];
}

function tensorOf({ name, dims, values }: OnnxWeights): Bytes[] {
  const head = [...dims.map((size) => number(1, size)), number(2, values instanceof BigInt64Array ? ONNX_TYPES.INT64 : ONNX_TYPES.FLOAT), text(8, name)];
  if (!('location' in values)) return [...head, field(9, Buffer.from(values.buffer, values.byteOffset, values.byteLength))];
  const entries = { location: values.location, offset: '0', length: String(values.bytes) };
  return [...head, ...Object.entries(entries).map(([key, value]) => message(13, [text(1, key), text(2, value)])), number(14, 1)];
}

const valueOf = ({ name, type = 'FLOAT', shape }: OnnxValue): Bytes[] => [text(1, name), message(2, [typeOf(type, shape)])];

const typeOf = (type: OnnxType, shape: OnnxValue['shape']): Bytes =>
  message(1, [number(1, ONNX_TYPES[type]), ...(shape === null ? [] : [message(2, shape.map((size) => message(1, [typeof size === 'number' ? number(1, size) : text(2, size)])))])]);

const text = (tag: number, value: string): Bytes => field(tag, Buffer.from(value));
const message = (tag: number, parts: readonly Bytes[]): Bytes => field(tag, Buffer.concat(parts));
const field = (tag: number, bytes: Bytes): Bytes => Buffer.concat([varint(BigInt((tag << 3) | 2)), varint(BigInt(bytes.byteLength)), bytes]);
const number = (tag: number, value: number): Bytes => Buffer.concat([varint(BigInt(tag << 3)), varint(BigInt.asUintN(64, BigInt(value)))]);

function varint(value: bigint): Bytes {
  const bytes: number[] = [];
  for (let left = value; ; left >>= 7n) {
    if (left < 128n) return Uint8Array.from([...bytes, Number(left)]);
    bytes.push(Number(left & 127n) | 128);
  }
}
