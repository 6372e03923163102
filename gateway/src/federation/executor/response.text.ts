import { answerTooLarge } from '@hutong/common';
import { isCompositeType, isEnumType, isListType, isNonNullType, isObjectType, specifiedScalarTypes, type FieldNode, type GraphQLCompositeType, type GraphQLEnumType, type GraphQLOutputType, type GraphQLScalarType, type SelectionSetNode } from 'graphql';
import { ANY, type DataPath } from './data.path.js';
import { isData, readerOf, type Data } from './fetched.data.js';
import type { JoinedEntities } from './joined.entities.js';
import { jsonOfString, jsonText } from './json.text.js';
import { fittingLeaf } from './leaf.values.js';
import type { FetchedData } from './plan.program.js';
import type { Introspect } from './response.shape.js';
import { hasFields, selectedFields, typeOfField, typeOfObject, type ShapeParts } from './selected.fields.js';

/**
 * Writes fetched data as the JSON of the answer; undefined where a value is not as the schema says, which the shape of the response
 * has to tell of.
 *
 * @param atMost characters of the longest text
 * @throws LIMIT_EXCEEDED when it would be longer
 */
export type ResponseText = (fetched: FetchedData, atMost: number, introspect: Introspect) => string | undefined;

/** What one text knows while it is written. */
interface Writing {
  joins: JoinedEntities;
  introspect: Introspect;
  atMost: number;
  /** Of each place where entities stand, the text of those that were written. */
  written: (Map<Data, string> | undefined)[];
}

type Write = (value: unknown, run: Writing) => string;
type WriteObject = (data: Data, run: Writing) => string;

/** Ends the writing. */
class Unfit extends Error {}
const UNFIT = new Unfit('a value is not as the schema says');

const unfit = (): never => {
  throw UNFIT;
};

/** @param root type of the operation */
export function compileText(parts: ShapeParts, selections: SelectionSetNode, root: GraphQLCompositeType): ResponseText {
  const write = new TextCompiler(parts).object(root, [selections], [])!;
  return ({ data, joins }, atMost, introspect) => {
    try {
      return write(data, { joins, introspect, atMost, written: [] });
    } catch (error) {
      if (error === UNFIT) return undefined;
      throw error;
    }
  };
}

class TextCompiler {
  #places = 0;

  constructor(private readonly parts: ShapeParts) {}

  object(type: GraphQLCompositeType, selections: readonly SelectionSetNode[], path: DataPath): WriteObject | null {
    const selected = selectedFields(this.parts, type, selections);
    if (!hasFields(type, selected)) return null;
    const fields = [...selected].map(([key, nodes], index) => ({ start: `${index > 0 ? ',' : ''}${JSON.stringify(key)}:`, read: readerOf(key), write: this.#field(type, key, nodes, path) }));
    return (data, run) => {
      let text = '{';
      for (const { start, read, write } of fields) text += start + write(read(data), run);
      return `${text}}`;
    };
  }

  #field(parent: GraphQLCompositeType, key: string, nodes: readonly FieldNode[], path: DataPath): Write {
    const name = nodes[0]!.name.value;
    if (name === '__typename') return isObjectType(parent) ? () => `"${parent.name}"` : unfit;
    if (name === '__schema' || name === '__type') return (_value, run) => jsonText(run.introspect(nodes));
    return this.#write(typeOfField(parent, name)!, nodes, [...path, key]);
  }

  #write(type: GraphQLOutputType, nodes: readonly FieldNode[], path: DataPath): Write {
    if (isNonNullType(type)) return required(this.#write(type.ofType, nodes, path));
    if (isListType(type)) return list(this.#write(type.ofType, nodes, [...path, ANY]));
    if (isCompositeType(type)) return this.#composite(type, nodes, path);
    return leaf(type);
  }

  #composite(type: GraphQLCompositeType, nodes: readonly FieldNode[], path: DataPath): Write {
    const selections = nodes.map(({ selectionSet }) => selectionSet!);
    const { joinedAt } = this.parts;
    const writers = new Map<unknown, WriteObject>();
    const writerOf = (typeName: unknown): WriteObject => {
      const known = writers.get(typeName);
      if (known) return known;
      const named = typeOfObject(typeName, type, this.parts);
      const writer = named && this.object(named, selections, path);
      if (!writer) return unfit();
      writers.set(typeName, writer);
      return writer;
    };
    const write = (data: Data, run: Writing): string => writerOf(data['__typename'] ?? undefined)(data, run);
    if (!joinedAt(path)) return (value, run) => (isData(value) ? write(value, run) : nothing(value));
    const place = this.#places;
    this.#places += 1;
    return (value, run) => {
      if (!isData(value)) return nothing(value);
      const known = run.joins.of(value);
      const written = (run.written[place] ??= new Map<Data, string>());
      let text = written.get(known);
      if (text === undefined) written.set(known, (text = flat(write(known, run))));
      return text;
    };
  }
}

/** A text in one piece: one that is used often would be put together each time. */
function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}

const NULL = 'null';

const nothing = (value: unknown): string => (value === null || value === undefined ? NULL : unfit());

function required(write: Write): Write {
  return (value, run) => (value === null || value === undefined ? unfit() : write(value, run));
}

function list(write: Write): Write {
  return (value, run) => {
    if (!Array.isArray(value)) return nothing(value);
    if (value.length === 0) return '[]';
    let text = '';
    for (let index = 0; index < value.length; index += 1) {
      text += (index === 0 ? '[' : ',') + write(value[index], run);
      if (text.length > run.atMost) throw answerTooLarge(run.atMost);
    }
    return `${text}]`;
  };
}

function leaf(type: GraphQLScalarType | GraphQLEnumType): Write {
  if (isEnumType(type)) {
    const texts = new Map<unknown, string>(type.getValues().map(({ name }) => [name, JSON.stringify(name)]));
    return (value) => texts.get(value) ?? nothing(value);
  }
  if (!specifiedScalarTypes.includes(type)) return (value) => (value === undefined ? NULL : jsonText(value));
  const fits = fittingLeaf(type);
  return (value) => {
    if (!fits(value)) return nothing(value);
    return typeof value === 'string' ? jsonOfString(value) : String(value);
  };
}
