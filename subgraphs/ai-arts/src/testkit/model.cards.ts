import { modelCard, type ModelCard } from '../image/model.card.js';
import type { InputForm } from '../image/model.input.js';
import type { ModelMetadata } from '../drivers/runtime/runtime.js';

/** A model of one input of this shape, and of these outputs. */
export function metadataOf(shape: readonly number[], outputs: Readonly<Record<string, readonly number[]>> = { scores: [-1, 10] }, datatype = 'FP32'): ModelMetadata {
  return { name: 'model', platform: 'onnx', inputs: [{ name: 'image', datatype, shape }], outputs: Object.entries(outputs).map(([name, size]) => ({ name, datatype: 'FP32', shape: size })) };
}

/** The card of a classifier, with some of its input changed. */
export function classifierCard(shape: readonly number[], more: Partial<InputForm> = {}): ModelCard {
  const card = modelCard(metadataOf(shape), undefined);
  return { ...card, input: { ...card.input, ...more } };
}
