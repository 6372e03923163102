import type { Tensor } from '../protocol/tensor.js';
import { decodeMessage, decodeTensors, encodeMessage, MessageFault, type EncodedMessage } from '../protocol/tensor.message.js';
import type { DeclaredTensor, LoadedModel } from './session.messages.js';

/** A request that the model can be run for. */
export interface InferRequest {
  /** In the order of the model's inputs. */
  inputs: Tensor[];
  /** Writes the answer as it was asked for. */
  answer(outputs: readonly Tensor[]): EncodedMessage;
}

interface WantedOutput {
  name: string;
  isBinary: boolean;
}

/**
 * Reads the body of an inference request and holds it against the model.
 *
 * @throws MessageFault that names the field
 */
export function readInferRequest(body: Uint8Array, jsonLength: string | undefined, model: LoadedModel, head: { model_name: string; model_version: string }): InferRequest {
  const message = decodeMessage(body, jsonLength);
  const { id, parameters, outputs } = message.json;
  if (id !== undefined && typeof id !== 'string') throw new MessageFault('id: expected a text');
  const inputs = checkedInputs(decodeTensors(message, 'inputs'), model.inputs);
  const wanted = wantedOutputs(outputs, flag(parameters, 'binary_data_output', 'parameters') ?? false, model.outputs);
  return {
    inputs,
    answer(found) {
      const tensors = wanted.map(({ name }) => found.find((output) => output.name === name)!);
      const binary = new Set(wanted.filter(({ isBinary }) => isBinary).map(({ name }) => name));
      return encodeMessage({ ...head, ...(id === undefined ? {} : { id }) }, 'outputs', tensors, ({ name }) => binary.has(name));
    },
  };
}

function checkedInputs(given: readonly Tensor[], declared: readonly DeclaredTensor[]): Tensor[] {
  for (const [index, { name, datatype, shape }] of given.entries()) {
    const place = `inputs[${index}]`;
    const input = declared.find((one) => one.name === name);
    if (!input) throw new MessageFault(`${place}.name: the model has no input ${JSON.stringify(name)}; it has ${listed(declared)}`);
    if (given.findIndex((other) => other.name === name) !== index) throw new MessageFault(`${place}.name: ${JSON.stringify(name)} is there twice`);
    if (datatype !== input.datatype) throw new MessageFault(`${place}.datatype: the model takes ${input.datatype}, not ${datatype}`);
    if (!isShape(shape, input.shape)) throw new MessageFault(`${place}.shape: the model takes [${input.shape.map((size) => (typeof size === 'number' ? size : -1)).join(', ')}], not [${shape.join(', ')}]`);
  }
  return declared.map(({ name }) => {
    const tensor = given.find((one) => one.name === name);
    if (!tensor) throw new MessageFault(`inputs: ${JSON.stringify(name)} is missing`);
    return tensor;
  });
}

/** A file that declares no shape has an empty one here, as a scalar has; then the model itself has to say. */
function isShape(shape: readonly number[], declared: DeclaredTensor['shape']): boolean {
  if (shape.includes(0)) return false;
  return declared.length === 0 || (shape.length === declared.length && shape.every((size, index) => typeof declared[index] === 'string' || size === declared[index]));
}

function wantedOutputs(value: unknown, isBinary: boolean, declared: readonly DeclaredTensor[]): WantedOutput[] {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return declared.map(({ name }) => ({ name, isBinary }));
  if (!Array.isArray(value)) throw new MessageFault('outputs: expected a list');
  return value.map((entry: unknown, index) => {
    const place = `outputs[${index}]`;
    const { name, parameters } = (typeof entry === 'object' && entry !== null ? entry : {}) as Record<string, unknown>;
    if (typeof name !== 'string' || !declared.some((output) => output.name === name)) throw new MessageFault(`${place}.name: expected an output of the model, which has ${listed(declared)}`);
    if (value.findIndex((other: { name?: unknown } | null) => other?.name === name) !== index) throw new MessageFault(`${place}.name: ${JSON.stringify(name)} is there twice`);
    return { name, isBinary: flag(parameters, 'binary_data', `${place}.parameters`) ?? isBinary };
  });
}

function flag(parameters: unknown, name: string, place: string): boolean | undefined {
  if (parameters === undefined) return undefined;
  if (typeof parameters !== 'object' || parameters === null || Array.isArray(parameters)) throw new MessageFault(`${place}: expected an object`);
  const value = (parameters as Record<string, unknown>)[name];
  if (value !== undefined && typeof value !== 'boolean') throw new MessageFault(`${place}.${name}: expected true or false`);
  return value;
}

const listed = (tensors: readonly DeclaredTensor[]): string => tensors.map(({ name }) => JSON.stringify(name)).join(', ') || 'none';
