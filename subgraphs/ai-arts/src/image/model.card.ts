import type { ModelMetadata } from '../drivers/runtime/runtime.js';
import { documentFault, readModelDocument, type ModelDocument } from './model.document.js';
import { inputForm, type InputForm } from './model.input.js';
import { outputForm, type DetectionForm } from './model.output.js';

/** What a model wants and gives, from what the model file says of itself and from its optional `hutong.json`. */
export interface ModelCard {
  task: 'classify' | 'detect';
  input: InputForm;
  /** The output that has the scores of classes; of a classifier only. */
  output: string | null;
  /** What the scores are; null: they are probabilities when all lie within 0 to 1, and else softmax makes them so. */
  scores: 'probability' | 'logit' | null;
  /** Of a detector only. */
  detection: DetectionForm | null;
  /** By class number; null: classes are called by their numbers. */
  labels: readonly string[] | null;
}

/**
 * Finds out how images become what a model takes, and its outputs what callers get.
 *
 * @param hutongJson what `hutong.json` holds, with its labels in it (`readModelFolder`); undefined without one
 * @throws BAD_INPUT naming the member of hutong.json that is wrong, or that has to be given as the model file does not tell
 */
export function modelCard(metadata: ModelMetadata, hutongJson: unknown): ModelCard {
  const document = readModelDocument(hutongJson);
  const task = document.task ?? (document.detection ? 'detect' : 'classify');
  if (task === 'classify' && document.detection) throw documentFault('detection', 'it is for models whose task is detect');
  return {
    task,
    input: inputForm(metadata, document, task),
    ...outputForm(metadata, document, task),
    scores: document.scores ?? null,
    labels: labelsOf(document),
  };
}

/** What a class is called. */
export function labelOf({ labels }: ModelCard, index: number): string {
  return labels?.[index] ?? String(index);
}

function labelsOf({ labels }: ModelDocument): readonly string[] | null {
  if (typeof labels === 'string') throw documentFault('labels', 'the file that it names was not read');
  return labels ?? null;
}
