import type { Tensor } from '../drivers/runtime/runtime.js';
import { documentFault } from './model.document.js';
import type { Size } from './image.placement.js';
import type { DetectionForm } from './model.output.js';
import { requireOutput, sigmoid, softmax, valuesOf, type Values } from './output.values.js';

/** A box as a model tells it. */
export interface ToldBox {
  /** Four numbers, in the form's order and unit. */
  place: readonly [number, number, number, number];
  score: number;
  /** Index of its label. */
  label: number;
}

/** Numbers of one box. */
const PLACE = 4;
/** Boxes that a model may tell of, good and bad ones. */
const MOST_BOXES = 500_000;

/** The boxes that a model tells with at least the lowest score, in its order. @throws BAD_INPUT */
export function candidatesOf(outputs: readonly Tensor[], form: DetectionForm, areLogits: boolean, input: Size): ToldBox[] {
  switch (form.format) {
    case 'boxes':
      return separate(outputs, form, areLogits);
    case 'anchors':
      return anchored(outputs, form, areLogits, input);
    default:
      return joined(outputs, form, areLogits);
  }
}

function requireFew(boxes: number, member: string): void {
  if (boxes > MOST_BOXES) throw documentFault(member, `the model tells ${boxes} boxes, which are more than ${MOST_BOXES}`);
}

/** Boxes in an output of their own, with a score each, or one for each class. */
function separate(outputs: readonly Tensor[], form: DetectionForm, areLogits: boolean): ToldBox[] {
  const places = valuesOf(requireOutput(outputs, form.boxes!, 'detection.boxes'));
  const scores = valuesOf(requireOutput(outputs, form.scores!, 'detection.scores'));
  const classes = form.classes === null ? null : valuesOf(requireOutput(outputs, form.classes, 'detection.classes'));
  const boxes = places.length / PLACE;
  if (!Number.isInteger(boxes)) throw documentFault('detection.boxes', `the output has ${places.length} values, which are no boxes of ${PLACE}`);
  requireFew(boxes, 'detection.boxes');
  const perBox = boxes === 0 ? 1 : scores.length / boxes;
  if (!Number.isInteger(perBox) || perBox < 1) throw documentFault('detection.scores', `the output has ${scores.length} values for ${boxes} boxes`);
  if (classes && classes.length !== boxes) throw documentFault('detection.classes', `the output has ${classes.length} values for ${boxes} boxes`);
  const counted = form.count === null ? boxes : Math.min(boxes, valuesOf(requireOutput(outputs, form.count, 'detection.count'))[0] ?? 0);
  // The classes before the first one are background; a box with a single score has no such.
  const first = perBox === 1 || classes ? 0 : form.firstClass;
  const found: ToldBox[] = [];
  for (let box = 0; box < counted; box++) {
    const own = Array.from({ length: perBox }, (_, index) => scores[box * perBox + index]!);
    const best = bestOf(areLogits ? probable(own) : own, first);
    const label = classes ? Math.round(classes[box]!) - form.firstClass : best.index - first;
    if (best.score >= form.minScore && label >= 0) found.push({ place: placeAt(places, box * PLACE, 1), score: best.score, label });
  }
  return found;
}

/** Boxes whose places are told from the middle of the cell of a grid that each belongs to; a single class. */
function anchored(outputs: readonly Tensor[], { grids, unit, minScore }: DetectionForm, areLogits: boolean, { width, height }: Size): ToldBox[] {
  const [unitX, unitY] = unit === 'pixel' ? [width, height] : [1, 1];
  return grids.flatMap(({ boxes, scores, perCell }, index): ToldBox[] => {
    const places = valuesOf(requireOutput(outputs, boxes, `detection.grids.${index}.boxes`));
    const values = valuesOf(requireOutput(outputs, scores, `detection.grids.${index}.scores`));
    const side = Math.sqrt(values.length / perCell);
    const members = places.length / values.length;
    if (!Number.isInteger(side)) throw documentFault(`detection.grids.${index}.perCell`, `${values.length} scores are no square grid with ${perCell} a cell`);
    if (!Number.isInteger(members) || members < PLACE) throw documentFault(`detection.grids.${index}.boxes`, `the output has ${places.length} values for ${values.length} boxes`);
    requireFew(values.length, `detection.grids.${index}.scores`);
    const found: ToldBox[] = [];
    for (let box = 0; box < values.length; box++) {
      const score = areLogits ? sigmoid(values[box]!) : values[box]!;
      if (!(score >= minScore)) continue;
      const cell = Math.floor(box / perCell);
      const [x, y, ...size] = placeAt(places, box * members, 1);
      found.push({ place: [x + (((cell % side) + 0.5) / side) * unitX, y + ((Math.floor(cell / side) + 0.5) / side) * unitY, ...size], score, label: 0 });
    }
    return found;
  });
}

/** Everything of a box in one row (YOLOv5) or one column (YOLOv8). */
function joined(outputs: readonly Tensor[], form: DetectionForm, areLogits: boolean): ToldBox[] {
  const output = requireOutput(outputs, form.boxes!, 'detection.output');
  const values = valuesOf(output);
  const [rows = 0, columns = 0] = output.shape.slice(-2);
  const isByRow = form.format === 'yolov5';
  const [boxes, members] = isByRow ? [rows, columns] : [columns, rows];
  const firstScore = isByRow ? PLACE + 1 : PLACE;
  if (members <= firstScore || boxes * members !== values.length) {
    throw documentFault('detection.format', `the output ${output.name} has the shape [${output.shape.join(', ')}]; ${form.format} has ${isByRow ? '[1, boxes, 5 + classes]' : '[1, 4 + classes, boxes]'}`);
  }
  requireFew(boxes, 'detection.output');
  const [perBox, perMember] = isByRow ? [columns, 1] : [1, columns];
  const asScore = (value: number) => (areLogits ? sigmoid(value) : value);
  const found: ToldBox[] = [];
  for (let box = 0; box < boxes; box++) {
    const member = (index: number) => values[box * perBox + index * perMember]!;
    const certainty = isByRow ? asScore(member(PLACE)) : 1;
    if (!(certainty >= form.minScore)) continue;
    let label = firstScore;
    for (let index = firstScore + 1; index < members; index++) if (member(index) > member(label)) label = index;
    const score = certainty * asScore(member(label));
    if (score >= form.minScore) found.push({ place: placeAt(values, box * perBox, perMember), score, label: label - firstScore });
  }
  return found;
}

function bestOf(scores: ArrayLike<number>, first: number): { score: number; index: number } {
  let index = first;
  for (let other = first + 1; other < scores.length; other++) if (scores[other]! > scores[index]!) index = other;
  return { score: scores[index] ?? 0, index };
}

/** A single score stands for itself; several are of classes that exclude each other. */
const probable = (scores: readonly number[]): ArrayLike<number> => (scores.length === 1 ? [sigmoid(scores[0]!)] : softmax(scores));

const placeAt = (values: Values, first: number, step: number): ToldBox['place'] => [values[first]!, values[first + step]!, values[first + 2 * step]!, values[first + 3 * step]!];
