import { ELEMENT_TYPES, elementsOf, type Tensor, type TensorData } from '../protocol/tensor.js';
import { formOf, joined, split } from './joined.tensors.js';
import { ModelRefused, RunFailed, type ModelSession } from './model.session.js';
import type { DeclaredTensor } from './session.messages.js';

/** What was found out about a model before anybody asks it. */
export interface WarmUp {
  /** Whether requests can be joined along the first dimension and be given the same answers as alone. */
  isJoinable: boolean;
  /** What an operator should know. */
  notes: string[];
}

/** What free dimensions behind the first are tried with. */
const FREE_SIZES = [1, 32, 224];
const TOLERANCE = 1e-3;
const HALF_TOLERANCE = 1e-2;

/**
 * Runs the model until its memory is laid out, and tries whether two requests joined are answered as each alone.
 *
 * @throws ModelRefused when no request could hold the model's inputs
 */
export async function warmUp(session: ModelSession, mostBytes: number): Promise<WarmUp> {
  const { inputs, outputs } = session.model;
  const bytes = inputs.reduce((sum, { datatype, shape }) => sum + elementsOf(sizes(shape, 1)) * ELEMENT_TYPES[datatype].bytes, 0);
  if (bytes > mostBytes) throw new ModelRefused(`its inputs take ${bytes} bytes, and a request at most ${mostBytes}`);
  let problem = '';
  for (const free of FREE_SIZES) {
    const example = (seed: number): Tensor[] => inputs.map((input) => exampleOf(input, free, seed));
    try {
      const alone = [await session.run(example(1)), await session.run(example(2))];
      if (!hasRows(inputs, outputs)) return { isJoinable: false, notes: ['its first dimension is not free, so requests are answered one by one'] };
      return (await answersAlike(session, [example(1), example(2)], alone))
        ? { isJoinable: true, notes: [] }
        : { isJoinable: false, notes: ['it answers requests otherwise when they are joined, so they are answered one by one'] };
    } catch (error) {
      if (!(error instanceof RunFailed)) throw error;
      problem ||= error.message;
    }
  }
  return { isJoinable: false, notes: [`it could not be warmed up, so its first answer is slow and requests are answered one by one (${problem})`] };
}

/** Whether the first dimension of all inputs is one and the same free one, and that of the outputs is free. */
function hasRows(inputs: readonly DeclaredTensor[], outputs: readonly DeclaredTensor[]): boolean {
  const isFree = ({ shape }: DeclaredTensor): boolean => typeof shape[0] === 'string';
  return inputs.length > 0 && [...inputs, ...outputs].every(isFree) && new Set(inputs.map(({ shape }) => shape[0])).size === 1;
}

async function answersAlike(session: ModelSession, requests: Tensor[][], alone: Tensor[][]): Promise<boolean> {
  try {
    const parts = split(await session.run(joined(requests)), [1, 1]);
    return parts !== undefined && parts.every((outputs, index) => formOf(outputs) === formOf(alone[index]!) && outputs.every((output, at) => isClose(output, alone[index]![at]!)));
  } catch (error) {
    if (error instanceof RunFailed) return false;
    throw error;
  }
}

const sizes = (shape: DeclaredTensor['shape'], free: number): number[] => shape.map((size, index) => (typeof size === 'number' ? size : index === 0 ? 1 : free));

/** Small numbers that differ with the seed. Integers are 0 and 1, as they may be indices. */
function exampleOf({ name, datatype, shape: declared }: DeclaredTensor, free: number, seed: number): Tensor {
  const shape = sizes(declared, free);
  const { view, bytes } = ELEMENT_TYPES[datatype];
  const count = elementsOf(shape);
  const data = new view(new ArrayBuffer(count * bytes), 0, count);
  let state = seed;
  for (let index = 0; index < count; index += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    put(data, index, datatype, state / 2 ** 32);
  }
  return { name, datatype, shape, data };
}

function put(data: TensorData, index: number, datatype: Tensor['datatype'], fraction: number): void {
  if (data instanceof BigInt64Array || data instanceof BigUint64Array) data[index] = BigInt(Math.round(fraction));
  // A half of 0 to 1 that the bits of its exponent and mantissa make.
  else if (datatype === 'FP16') data[index] = Math.floor(fraction * 0x3c00);
  else data[index] = datatype.startsWith('FP') ? fraction : Math.round(fraction);
}

function isClose(left: Tensor, right: Tensor): boolean {
  const tolerance = left.datatype === 'FP16' ? HALF_TOLERANCE : left.datatype.startsWith('FP') ? TOLERANCE : 0;
  const numbers = ({ data, datatype }: Tensor): number[] => Array.from<number | bigint, number>(data as Iterable<number | bigint> & ArrayLike<number>, (element) => (datatype === 'FP16' ? halfOf(Number(element)) : Number(element)));
  const [before, after] = [numbers(left), numbers(right)];
  return before.every((number, index) => Object.is(number, after[index]) || Math.abs(number - after[index]!) <= tolerance * (1 + Math.abs(number)));
}

/** The number that the bits of a half stand for. */
function halfOf(bits: number): number {
  const exponent = (bits >> 10) & 0x1f;
  const mantissa = bits & 0x3ff;
  const sign = bits >> 15 ? -1 : 1;
  if (exponent === 0x1f) return mantissa ? NaN : sign * Infinity;
  return sign * (exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1_024) * 2 ** (exponent - 15));
}
