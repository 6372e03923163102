import type { Tensor } from '../drivers/runtime/runtime.js';
import { classLabels } from './classification.js';
import { detectedBoxes } from './detection.js';
import type { ModelCard } from './model.card.js';
import type { Size } from './image.placement.js';

/** What a class is called, and how sure the model is of it. */
export interface RecognizedLabel {
  label: string;
  score: number;
}

/** A thing that was found, in pixels of the picture as it is looked at; the origin is its upper left corner. */
export interface RecognizedBox extends RecognizedLabel {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** What a model sees in a picture, best first. */
export interface Recognition {
  task: 'classify' | 'detect';
  /** Of a classifier; of a detector one for each class that was found, with the score of its best box. */
  labels: RecognizedLabel[];
  /** Of a detector only. */
  boxes: RecognizedBox[];
}

/** How much of what a model says is told. */
export interface RecognitionOptions {
  /** How many labels or boxes, the best ones. */
  top: number;
  /** Those below it are left out; default: what hutong.json says of boxes, and no label. */
  minScore?: number;
}

/**
 * Reads the answer of a model for one picture.
 *
 * @param picture its size as it is looked at (`DecodedPicture`)
 * @throws BAD_INPUT when the outputs are not what hutong.json says they are
 */
export function recognitionOf(outputs: readonly Tensor[], card: ModelCard, options: RecognitionOptions, picture: Size): Recognition {
  if (card.task === 'classify') return { task: 'classify', labels: classLabels(outputs, card, options), boxes: [] };
  const boxes = detectedBoxes(outputs, card, options, picture);
  return { task: 'detect', labels: bestOfEach(boxes), boxes };
}

function bestOfEach(boxes: readonly RecognizedBox[]): RecognizedLabel[] {
  const best = new Map<string, number>();
  for (const { label, score } of boxes) if (!best.has(label)) best.set(label, score);
  return [...best].map(([label, score]) => ({ label, score }));
}
