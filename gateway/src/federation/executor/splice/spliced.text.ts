import { getNullableType, isCompositeType, isListType, isObjectType, type FieldNode, type GraphQLObjectType, type GraphQLOutputType, type SelectionSetNode } from 'graphql';
import { ANY, type DataPath } from '../data.path.js';
import { selectedFields, typeOfField, type ShapeParts } from '../selected.fields.js';
import { isWhole, NotModelled, type ObjectModel, type ValueModel } from './answer.model.js';
import { partReader, type PartReader } from './entity.places.js';
import type { Place, Source, SplicedPlan } from './spliced.plan.js';
import type { Splicing } from './splicing.js';

/** Writes a value of an answer that begins at a character and a cell. */
type Write = (to: Splicing, start: number, cell: number) => void;
/** Writes an object of an answer; `entity` is its number at its place, where it is one. */
type WriteObject = (to: Splicing, start: number, cell: number, entity: number) => void;

const NULL = 110;
const NULL_LENGTH = 4;
const NO_ENTITY = -1;

/** Writes the data of an answer to come into it. @throws LIMIT_EXCEEDED, Unsplicable where the plan is not what it was compiled from */
export type SplicedText = (to: Splicing) => void;

/** @throws NotModelled for what cannot be put together from pieces */
export function compileSplicedText(parts: ShapeParts, selections: SelectionSetNode, root: GraphQLObjectType, plan: SplicedPlan): SplicedText {
  return new SplicedTextCompiler(parts, plan).root(root, selections);
}

/** Fields of an object, one after another in the answer to come, that are from one answer. */
interface Group {
  /** Undefined: from the answer that the object is of. */
  source: Source | undefined;
  model: ObjectModel;
  fields: { index: number; key: string; write: Write | undefined }[];
}

type Piece = Group | string;

class SplicedTextCompiler {
  #memos = 0;

  constructor(
    private readonly parts: ShapeParts,
    private readonly plan: SplicedPlan,
  ) {}

  root(type: GraphQLObjectType, selections: SelectionSetNode): SplicedText {
    const pieces = this.#pieces(type, [selections], [], undefined, this.plan.roots);
    const writers = pieces.map((piece, index): SplicedText => {
      if (typeof piece === 'string') return (to) => to.piece(piece);
      const write = writeGroup(piece, index > 0);
      const source = piece.source!;
      return (to) => {
        const outer = to.enter(to.run.objectsOf(source).answers[0]!);
        write(to, source.scanner.start, 0);
        to.leave(outer);
      };
    });
    return (to) => {
      to.piece('{');
      for (const write of writers) write(to);
      to.piece('}');
    };
  }

  /** Undefined where it is written as it came. */
  #value(type: GraphQLOutputType, model: ValueModel, nodes: readonly FieldNode[], path: DataPath, source: Source): Write | undefined {
    const nullable = getNullableType(type);
    if (isListType(nullable)) {
      if (model.kind !== 'list') throw new NotModelled('a list that is none');
      const item = this.#value(nullable.ofType, model.item, nodes, [...path, ANY], source);
      return item && writeList(item);
    }
    if (!isCompositeType(nullable)) {
      if (model.kind !== 'leaf') throw new NotModelled('a leaf that is none');
      return undefined;
    }
    if (!isObjectType(nullable) || model.kind !== 'object' || model.type.name !== nullable.name) throw new NotModelled('an object of another type');
    return this.#object(nullable, model, nodes.map(({ selectionSet }) => selectionSet!), path, source);
  }

  #object(type: GraphQLObjectType, model: ObjectModel, selections: readonly SelectionSetNode[], path: DataPath, source: Source): Write | undefined {
    const place = this.plan.placeAt(path);
    if (place && place.base !== source) throw new NotModelled('entities that stand in another answer');
    const pieces = this.#pieces(type, selections, path, { source, model }, place?.sources ?? []);
    if (!place && isAsItCame(pieces, model, [...selectedFields(this.parts, type, selections).keys()])) return undefined;
    const writers = pieces.map((piece, index) => this.#piece(piece, index > 0, place));
    const write: WriteObject = (to, start, cell, entity) => {
      to.range(start, start + 1);
      for (const one of writers) one(to, start, cell, entity);
      const end = to.answer.cells[cell]!;
      to.range(end - 1, end);
    };
    const whole = place && isOfKeyAlone(pieces, place) ? this.#once(write) : write;
    return (to, start, cell) => {
      if (to.answer.bytes[start] === NULL) to.range(start, start + NULL_LENGTH);
      else whole(to, start, cell, place ? to.run.nextAt(place) : NO_ENTITY);
    };
  }

  #piece(piece: Piece, follows: boolean, place: Place | undefined): WriteObject {
    if (typeof piece === 'string') return (to) => to.piece(piece);
    const write = writeGroup(piece, follows);
    const { source } = piece;
    if (!source || !place) return write;
    return this.#once((to, _start, _cell, entity) => {
      const { answers, starts, cells } = to.run.objectsOf(source);
      const outer = to.enter(answers[entity]!);
      write(to, starts[entity]!, cells[entity]!);
      to.leave(outer);
    });
  }

  /** What is the same wherever an entity stands is written once, and then repeated. */
  #once(write: WriteObject): WriteObject {
    const memo = this.#memos;
    this.#memos += 1;
    return (to, start, cell, entity) => {
      if (to.repeat(memo, entity)) return;
      const from = to.mark();
      write(to, start, cell, entity);
      to.remember(memo, entity, from);
    };
  }

  #pieces(type: GraphQLObjectType, selections: readonly SelectionSetNode[], path: DataPath, base: { source: Source; model: ObjectModel } | undefined, sources: readonly Source[]): Piece[] {
    const pieces: Piece[] = [];
    for (const [key, nodes] of selectedFields(this.parts, type, selections)) {
      const name = nodes[0]!.name.value;
      if (name === '__typename') {
        pieces.push(`${pieces.length > 0 ? ',' : ''}${JSON.stringify(key)}:${JSON.stringify(type.name)}`);
        continue;
      }
      const declared = typeOfField(type, name);
      if (!declared) throw new NotModelled('introspection');
      const having = [...(base ? [{ source: undefined, model: base.model }] : []), ...sources.map((source) => ({ source, model: source.model }))].filter(({ model }) => model.parts.some((part) => part.key === key));
      // What was fetched last is what counts; objects would be merged.
      const from = having.at(-1);
      if (!from) throw new NotModelled('a field that nobody was asked for');
      const index = from.model.parts.findIndex((part) => part.key === key);
      const { value } = from.model.parts[index]!;
      if (having.length > 1 && !isWhole(value)) throw new NotModelled('an object in two answers');
      const inner = from.source ?? base!.source;
      const field = { index, key, write: this.#value(declared, value, nodes, [...path, key], inner) };
      const last = pieces.at(-1);
      if (last !== undefined && typeof last !== 'string' && last.source === from.source) last.fields.push(field);
      else pieces.push({ source: from.source, model: from.model, fields: [field] });
    }
    return pieces;
  }
}

function isAsItCame(pieces: readonly Piece[], model: ObjectModel, keys: readonly string[]): boolean {
  if (keys.length !== model.keys.length || keys.some((key, index) => key !== model.keys[index])) return false;
  return pieces.every((piece) => typeof piece === 'string' || piece.fields.every(({ write }) => write === undefined));
}

/** Whether what is written of the object itself tells its entity, or nothing is. */
function isOfKeyAlone(pieces: readonly Piece[], place: Place): boolean {
  return pieces.every((piece) => typeof piece === 'string' || piece.source !== undefined || piece.fields.every(({ index }) => place.key.includes(index)));
}

const COMMA = ',';

/** Fields that are written as they came, or one with what is written in it. */
interface Step {
  first: PartReader;
  /** From the beginning of the text to that of the first value. */
  before: number;
  comma: boolean;
  last: PartReader;
  write: Write | undefined;
}

function writeGroup({ model, fields }: Group, follows: boolean): Write {
  const steps: (Step & { index: number })[] = [];
  for (const { index, key, write } of fields) {
    const reader = partReader(model, index);
    const known = `${JSON.stringify(key)}:`;
    const previous = steps.at(-1);
    if (previous && !previous.write && !write && index === previous.index + 1 && model.parts[index]!.prefix === `${COMMA}${known}`) {
      previous.last = reader;
      previous.index = index;
      continue;
    }
    const separated = follows || steps.length > 0;
    // Before the first key of an object there is no comma to go on with.
    const isFirst = model.keys[0] === key;
    steps.push({ index, first: reader, before: known.length + (separated && !isFirst ? COMMA.length : 0), comma: separated && isFirst, last: reader, write });
  }
  return (to, start, cell) => {
    const { answer } = to;
    for (const { first, before, comma, last, write } of steps) {
      first.find(answer, start, cell);
      if (comma) to.piece(COMMA);
      const value = first.start;
      if (write) {
        to.range(value - before, value);
        write(to, value, first.cell);
        continue;
      }
      if (last !== first) last.find(answer, start, cell);
      to.range(value - before, answer.cells[last.cell]!);
    }
  };
}

function writeList(item: Write): Write {
  return (to, start, cell) => {
    const { bytes, cells } = to.answer;
    if (bytes[start] === NULL) {
      to.range(start, start + NULL_LENGTH);
      return;
    }
    const count = cells[cell + 2]!;
    let at = start + 1;
    let itemCell = cell + 3;
    to.range(start, at);
    for (let index = 0; index < count; index += 1) {
      if (index > 0) {
        to.range(at, at + 1);
        at += 1;
      }
      item(to, at, itemCell);
      at = cells[itemCell]!;
      itemCell = cells[itemCell + 1]!;
    }
    to.range(at, at + 1);
  };
}
