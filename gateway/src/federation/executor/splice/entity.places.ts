import { isWhole, NotModelled, type ObjectModel, type ValueModel } from './answer.model.js';
import { ANY, type DataPath } from '../data.path.js';
import type { Representation } from '../entity.representation.js';
import type { ScannedAnswer } from './scanned.answer.js';

const NULL = 110;

/** Where an object of an answer begins, in its text and in its cells. */
export type Visit = (answer: ScannedAnswer, start: number, cell: number) => void;

/** Goes from an object to those that a way leads to. */
export type Walk = (answer: ScannedAnswer, start: number, cell: number, visit: Visit) => void;

/** The model that a way leads to, and how to walk it. @throws NotModelled where it leads to no objects */
export function walkOf(model: ValueModel, path: DataPath): { model: ObjectModel; walk: Walk } | undefined {
  const [step, ...rest] = path;
  if (step === undefined) {
    if (model.kind !== 'object') return undefined;
    return { model, walk: (answer, start, cell, visit) => isNull(answer, start) || visit(answer, start, cell) };
  }
  if (step === ANY) {
    const inner = model.kind === 'list' ? walkOf(model.item, rest) : undefined;
    return inner && { model: inner.model, walk: listWalk(inner.walk) };
  }
  if (model.kind !== 'object') return undefined;
  const index = model.parts.findIndex(({ key }) => key === step);
  const inner = index === -1 ? undefined : walkOf(model.parts[index]!.value, rest);
  return inner && { model: inner.model, walk: fieldWalk(model, index, inner.walk) };
}

const isNull = ({ bytes }: ScannedAnswer, start: number): boolean => bytes[start] === NULL;

function listWalk(walk: Walk): Walk {
  return (answer, start, cell, visit) => {
    if (isNull(answer, start)) return;
    const { cells } = answer;
    const count = cells[cell + 2]!;
    let at = start + 1;
    let item = cell + 3;
    for (let index = 0; index < count; index += 1) {
      walk(answer, at, item, visit);
      at = cells[item]! + 1;
      item = cells[item + 1]!;
    }
  };
}

function fieldWalk(model: ObjectModel, index: number, walk: Walk): Walk {
  const part = partReader(model, index);
  return (answer, start, cell, visit) => {
    if (isNull(answer, start)) return;
    part.find(answer, start, cell);
    walk(answer, part.start, part.cell, visit);
  };
}

/** Finds a part of an object. */
export class PartReader {
  /** Of what was found last. */
  start = 0;
  cell = 0;

  constructor(
    private readonly lengths: readonly number[],
    private readonly wholes: readonly boolean[],
    private readonly index: number,
  ) {}

  find({ cells }: ScannedAnswer, start: number, objectCell: number): void {
    let at = start;
    let cell = objectCell + 2;
    for (let before = 0; before < this.index; before += 1) {
      at = cells[cell]!;
      cell = this.wholes[before] ? cell + 1 : cells[cell + 1]!;
    }
    this.start = at + this.lengths[this.index]!;
    this.cell = cell;
  }

  /** The JSON of what is found. */
  text(answer: ScannedAnswer, start: number, objectCell: number): string {
    this.find(answer, start, objectCell);
    return answer.text.slice(this.start, answer.cells[this.cell]);
  }

  /** The same, to be kept. */
  part(answer: ScannedAnswer, start: number, objectCell: number): string {
    this.find(answer, start, objectCell);
    return answer.part(this.start, answer.cells[this.cell]!);
  }
}

export const partReader = ({ parts }: ObjectModel, index: number): PartReader =>
  new PartReader(
    parts.map(({ prefix }) => prefix.length),
    parts.map(({ value }) => isWhole(value)),
    index,
  );

/** Reads a leaf of an object. @throws NotModelled where it is none */
export function leafReader(model: ObjectModel, key: string): PartReader {
  const index = model.parts.findIndex((part) => part.key === key);
  if (index === -1 || !isWhole(model.parts[index]!.value)) throw new NotModelled(`${key} is no leaf of ${model.type.name}`);
  return partReader(model, index);
}

/** Objects of answers, by their numbers. */
export class FoundObjects {
  /** Which answer has the object, where it begins in that, and its cell. */
  readonly answers: ScannedAnswer[] = [];
  readonly starts: number[] = [];
  readonly cells: number[] = [];

  get count(): number {
    return this.starts.length;
  }

  add(answer: ScannedAnswer, start: number, cell: number): void {
    this.answers.push(answer);
    this.starts.push(start);
    this.cells.push(cell);
  }

  /** The JSON of a leaf of one of them. */
  leaf(reader: PartReader, number: number): string {
    const answer = this.answers[number]!;
    return answer.decoded(reader.part(answer, this.starts[number]!, this.cells[number]!));
  }
}

/** The entities at one place of the data while a plan runs: objects that have the same key are one. */
export class EntitiesAtPlace {
  /** Of each object, in the order of the data, the number of its entity. */
  readonly numbers: number[] = [];
  /** Of each entity its first object. */
  readonly objects = new FoundObjects();
  /** What names the entities to subgraphs, by the way of naming. */
  readonly names = new Map<string, Representation[]>();
  /** The object that is written next. */
  next = 0;

  /** Takes up an object; `known` has the numbers of entities by their keys. */
  add(answer: ScannedAnswer, start: number, cell: number, keyLeaves: readonly PartReader[], known: Map<string, number>): void {
    let key = '';
    for (let index = 0; index < keyLeaves.length; index += 1) {
      const text = keyLeaves[index]!.text(answer, start, cell);
      key = index === 0 ? text : `${key},${text}`;
    }
    let number = known.get(key);
    if (number === undefined) {
      number = this.objects.count;
      known.set(key, number);
      this.objects.add(answer, start, cell);
    }
    this.numbers.push(number);
  }
}
