import { onnxModel } from './onnx.model.js';

/**
 * A model that takes a while: `y` is the row of a table of 10 that each index in `x` names, after so many turns of a loop that
 * changes nothing. An index beyond the table makes it fail.
 */
export function slowModel(turns: number): Buffer {
  const value = (name: string) => ({ name, shape: ['N', 2] });
  const body = {
    nodes: [
      { op: 'Identity', inputs: ['go'], outputs: ['goOn'] },
      { op: 'Identity', inputs: ['before'], outputs: ['after'] },
    ],
    inputs: [{ name: 'turn', type: 'INT64' as const, shape: [] }, { name: 'go', type: 'BOOL' as const, shape: [] }, value('before')],
    outputs: [{ name: 'goOn', type: 'BOOL' as const, shape: [] }, value('after')],
  };
  return onnxModel({
    nodes: [
      { op: 'Gather', inputs: ['table', 'x'], outputs: ['row'] },
      { op: 'Loop', inputs: ['turns', '', 'row'], outputs: ['y'], attributes: { body: { graph: body } } },
    ],
    weights: [
      { name: 'table', dims: [10, 2], values: Float32Array.from({ length: 20 }, (_, index) => index / 2) },
      { name: 'turns', dims: [1], values: new BigInt64Array([BigInt(turns)]) },
    ],
    inputs: [{ name: 'x', type: 'INT64', shape: ['N'] }],
    outputs: [value('y')],
  });
}
