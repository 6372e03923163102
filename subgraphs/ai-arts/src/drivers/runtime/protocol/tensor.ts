/** Types of elements, as the Open Inference Protocol names them. BYTES and BF16 are not spoken here. */
export type Datatype = 'BOOL' | 'UINT8' | 'UINT16' | 'UINT32' | 'UINT64' | 'INT8' | 'INT16' | 'INT32' | 'INT64' | 'FP16' | 'FP32' | 'FP64';

/** Elements in row-major order: BOOL as 0 and 1 in a Uint8Array, FP16 as their bits in a Uint16Array, 64-bit integers as bigint. */
export type TensorData = Uint8Array | Uint16Array | Uint32Array | BigUint64Array | Int8Array | Int16Array | Int32Array | BigInt64Array | Float32Array | Float64Array;

/** A tensor as the Open Inference Protocol has it; `data` has as many elements as `shape` says. */
export interface Tensor {
  name: string;
  datatype: Datatype;
  shape: readonly number[];
  data: TensorData;
}

interface ElementType {
  bytes: number;
  view: new (buffer: ArrayBufferLike, byteOffset: number, length: number) => TensorData;
}

/** How the elements of each type lie in memory and on the wire, little-endian. */
export const ELEMENT_TYPES: Readonly<Record<Datatype, ElementType>> = {
  BOOL: { bytes: 1, view: Uint8Array },
  UINT8: { bytes: 1, view: Uint8Array },
  UINT16: { bytes: 2, view: Uint16Array },
  UINT32: { bytes: 4, view: Uint32Array },
  UINT64: { bytes: 8, view: BigUint64Array },
  INT8: { bytes: 1, view: Int8Array },
  INT16: { bytes: 2, view: Int16Array },
  INT32: { bytes: 4, view: Int32Array },
  INT64: { bytes: 8, view: BigInt64Array },
  FP16: { bytes: 2, view: Uint16Array },
  FP32: { bytes: 4, view: Float32Array },
  FP64: { bytes: 8, view: Float64Array },
};

/** Whether a text names a type of elements that is spoken here. */
export const isDatatype = (name: unknown): name is Datatype => typeof name === 'string' && Object.hasOwn(ELEMENT_TYPES, name);

/** How many elements a tensor of this shape has; 1 for a scalar. */
export const elementsOf = (shape: readonly number[]): number => shape.reduce((product, dimension) => product * dimension, 1);

/** The bytes of a tensor's elements, not copied. */
export const bytesOf = ({ data }: Pick<Tensor, 'data'>): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Elements in a memory of their own, copied from bytes that may begin anywhere. */
export function elementsFrom(datatype: Datatype, bytes: Uint8Array): TensorData {
  const { bytes: size, view } = ELEMENT_TYPES[datatype];
  const copy = new Uint8Array(bytes.byteLength);
  copy.set(bytes);
  return new view(copy.buffer, 0, copy.byteLength / size);
}
