/// <reference lib="esnext.float16" />
import type { Tensor } from '../drivers/runtime/runtime.js';
import { documentFault } from './model.document.js';

/** Numbers of an output, whatever the type that it came in. */
export type Values = ArrayLike<number>;

/** @throws BAD_INPUT when the model did not answer with it */
export function requireOutput(outputs: readonly Tensor[], name: string, member: string): Tensor {
  const found = outputs.find((output) => output.name === name);
  if (!found) throw documentFault(member, `the model answered without its output ${name}`);
  return found;
}

/** An output's elements as numbers. */
export function valuesOf({ datatype, data }: Tensor): Values {
  if (datatype === 'FP16') return new Float16Array(data.buffer, data.byteOffset, data.length);
  return data instanceof BigInt64Array || data instanceof BigUint64Array ? Float64Array.from(data, Number) : data;
}

/** Scores that sum to 1. */
export function softmax(values: Values): Float64Array {
  const numbers = Float64Array.from(values);
  const most = numbers.reduce((a, b) => Math.max(a, b), -Infinity);
  // Infinities are as sure as can be.
  const powers = numbers.map((value) => (value === most ? 1 : Math.exp(value - most)));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}

export const sigmoid = (value: number): number => 1 / (1 + Math.exp(-value));
