import { bytesOf, ELEMENT_TYPES, elementsOf, type Tensor } from '../protocol/tensor.js';

/** How many rows inputs have that can be joined along their first dimension. */
export const rowsOf = (inputs: readonly Tensor[]): number => inputs[0]?.shape[0] ?? 1;

/** Inputs with equal forms differ in nothing but their elements and how many rows they have. */
export const formOf = (inputs: readonly Tensor[]): string => JSON.stringify(inputs.map(({ name, datatype, shape }) => [name, datatype, shape.slice(1)]));

/** Inputs of equal form as one, in a memory of its own. */
export function joined(requests: readonly (readonly Tensor[])[]): Tensor[] {
  return requests[0]!.map((first, index) => {
    const parts = requests.map((inputs) => inputs[index]!);
    const rows = parts.reduce((sum, { shape }) => sum + shape[0]!, 0);
    const bytes = new Uint8Array(parts.reduce((sum, { data }) => sum + data.byteLength, 0));
    let at = 0;
    for (const part of parts) {
      bytes.set(bytesOf(part), at);
      at += part.data.byteLength;
    }
    const { view, bytes: size } = ELEMENT_TYPES[first.datatype];
    return { ...first, shape: [rows, ...first.shape.slice(1)], data: new view(bytes.buffer, 0, bytes.byteLength / size) };
  });
}

/** Outputs taken apart again, for requests of so many rows each; undefined when they do not have a row for each of theirs. */
export function split(outputs: readonly Tensor[], rows: readonly number[]): Tensor[][] | undefined {
  const total = rows.reduce((sum, count) => sum + count, 0);
  if (!outputs.every(({ shape }) => shape[0] === total)) return undefined;
  let at = 0;
  return rows.map((count) => {
    const from = at;
    at += count;
    return outputs.map((output) => {
      const size = elementsOf(output.shape.slice(1));
      return { ...output, shape: [count, ...output.shape.slice(1)], data: output.data.subarray(from * size, at * size) };
    });
  });
}
