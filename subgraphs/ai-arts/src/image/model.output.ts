import { badInput } from '@hutong/common';
import type { ModelMetadata, TensorMetadata } from '../drivers/runtime/runtime.js';
import { documentFault, type ModelDocument } from './model.document.js';

/** How the outputs of a detector are read. */
export interface DetectionForm {
  /**
   * `boxes`: an output for boxes and others for their scores and classes (SSD and its kin); `anchors`: the same for each of its
   * grids, places told from the middle of a cell (MediaPipe); `yolov5` and `yolov8`: all in one.
   */
  format: 'boxes' | 'anchors' | 'yolov5' | 'yolov8';
  /** The output that has boxes; of yolo everything, of anchors null. */
  boxes: string | null;
  scores: string | null;
  classes: string | null;
  /** The output that tells how many boxes count. */
  count: string | null;
  corners: 'xyxy' | 'yxyx' | 'cxcywh' | 'xywh';
  /** Of anchors: square grids over the input, with several boxes for each cell, cell by cell. */
  grids: readonly Grid[];
  /** Whether places are pixels of the model's input or fractions of its sides. */
  unit: 'pixel' | 'fraction';
  /** The number that the model has for the first label; lower ones are its background. */
  firstClass: number;
  /** Boxes below it are nothing. */
  minScore: number;
  /** Of two boxes of a class that share more than this part of what both cover, the better one stays. */
  overlap: number;
}

/** The outputs for the boxes of a grid. */
export interface Grid {
  boxes: string;
  scores: string;
  perCell: number;
}

type OutputForm = { output: string | null; detection: DetectionForm | null };

/** @throws BAD_INPUT */
export function outputForm(metadata: ModelMetadata, document: ModelDocument, task: 'classify' | 'detect'): OutputForm {
  return task === 'classify' ? { output: classOutput(metadata, document), detection: null } : { output: null, detection: detectionForm(metadata, document) };
}

function classOutput({ outputs }: ModelMetadata, { output }: ModelDocument): string {
  const found = output === undefined ? onlyOne(outputs) : named(outputs, output, 'output');
  if (found.shape.slice(1).filter((size) => size !== 1).length > 1) {
    throw documentFault('task', `the model's output ${found.name} has the shape [${found.shape.join(', ')}], which is no list of scores: is its task detect?`);
  }
  return found.name;
}

function onlyOne(outputs: readonly TensorMetadata[]): TensorMetadata {
  const [first] = outputs;
  if (outputs.length === 1 && first) return first;
  throw documentFault('output', `the model has several outputs: name the one with the scores (${namesOf(outputs)})`);
}

function detectionForm({ outputs }: ModelMetadata, { detection }: ModelDocument): DetectionForm {
  if (!detection) throw documentFault('detection', 'a model whose task is detect says here how its outputs are read');
  const { format, minScore = 0.25, overlap = 0.45, firstClass = 0 } = detection;
  const isSeparate = format === 'boxes';
  const corners = detection.corners ?? (isSeparate ? 'xyxy' : 'cxcywh');
  const unit = detection.unit ?? (isSeparate ? 'fraction' : 'pixel');
  const common = { format, corners, unit, minScore, overlap, firstClass, boxes: null, scores: null, classes: null, count: null, grids: [] };
  if (format === 'anchors') return { ...common, grids: gridsOf(outputs, detection.grids) };
  if (!isSeparate) return { ...common, boxes: detection.output === undefined ? onlyOne(outputs).name : named(outputs, detection.output, 'detection.output').name };
  for (const member of ['boxes', 'scores'] as const) if (detection[member] === undefined) throw documentFault(`detection.${member}`, `name the output of the model (${namesOf(outputs)})`);
  const nameOf = (member: 'boxes' | 'scores' | 'classes' | 'count') => (detection[member] === undefined ? null : named(outputs, detection[member], `detection.${member}`).name);
  return { ...common, boxes: nameOf('boxes'), scores: nameOf('scores'), classes: nameOf('classes'), count: nameOf('count') };
}

function gridsOf(outputs: readonly TensorMetadata[], grids: readonly Grid[] | undefined): readonly Grid[] {
  if (!grids) throw documentFault('detection.grids', `name the outputs of each grid (${namesOf(outputs)})`);
  for (const [index, grid] of grids.entries()) for (const member of ['boxes', 'scores'] as const) named(outputs, grid[member], `detection.grids.${index}.${member}`);
  return grids;
}

function named(outputs: readonly TensorMetadata[], name: string, member: string): TensorMetadata {
  const found = outputs.find((output) => output.name === name);
  if (!found) throw documentFault(member, `the model has no output ${JSON.stringify(name)}; it has ${namesOf(outputs)}`);
  return found;
}

const namesOf = (outputs: readonly TensorMetadata[]): string => {
  if (outputs.length === 0) throw badInput({ problem: 'the model has no output' });
  return outputs.map(({ name }) => name).join(', ');
};
