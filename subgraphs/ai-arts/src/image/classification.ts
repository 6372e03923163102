import type { Tensor } from '../drivers/runtime/runtime.js';
import { labelOf, type ModelCard } from './model.card.js';
import { documentFault, MOST_LABELS } from './model.document.js';
import { requireOutput, softmax, valuesOf, type Values } from './output.values.js';
import type { RecognitionOptions, RecognizedLabel } from './recognition.js';

/** The best classes of one picture. @throws BAD_INPUT when there are too many classes, or labels for another number of them */
export function classLabels(outputs: readonly Tensor[], card: ModelCard, { top, minScore = -Infinity }: RecognitionOptions): RecognizedLabel[] {
  const values = valuesOf(requireOutput(outputs, card.output!, 'output'));
  if (card.labels && card.labels.length !== values.length) throw documentFault('labels', `there are ${card.labels.length}, but the model tells ${values.length} classes apart`);
  if (values.length > MOST_LABELS) throw documentFault('output', `the model's output ${card.output} has ${values.length} values, which are more classes than ${MOST_LABELS}: is it the one with the scores?`);
  return Array.from(probabilities(values, card), (score, index) => ({ score, index }))
    .filter(({ score }) => score >= minScore)
    .toSorted((a, b) => b.score - a.score || a.index - b.index)
    .slice(0, top)
    .map(({ score, index }) => ({ label: labelOf(card, index), score }));
}

function probabilities(values: Values, { scores }: ModelCard): ArrayLike<number> {
  const numbers = Float64Array.from(values, (value) => (Number.isNaN(value) ? 0 : value));
  const areLogits = scores === 'logit' || (scores === null && numbers.some((value) => value < 0 || value > 1));
  // What is beyond all bounds cannot be told as a number.
  return areLogits ? softmax(numbers) : numbers.map((value) => Math.min(Math.max(value, -Number.MAX_VALUE), Number.MAX_VALUE));
}
