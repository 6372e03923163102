import { getNullableType, isCompositeType, isListType, isNonNullType, isObjectType, Kind, parse, type GraphQLEnumType, type GraphQLObjectType, type GraphQLOutputType, type GraphQLScalarType, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import { fragmentsIn } from '../../../document-fragments.js';
import type { Conditions } from '../included.selection.js';
import { selectedFields, typeOfField, type ShapeParts } from '../selected.fields.js';

/** What an answer has, byte for byte: nothing else, and in no other order. */
export type ValueModel = LeafModel | ListModel | ObjectModel;

export interface LeafModel {
  kind: 'leaf';
  type: GraphQLScalarType | GraphQLEnumType;
  nullable: boolean;
}

export interface ListModel {
  kind: 'list';
  item: ValueModel;
  nullable: boolean;
}

export interface ObjectModel {
  kind: 'object';
  type: GraphQLObjectType;
  nullable: boolean;
  /** Those whose values are not known before. */
  parts: readonly Part[];
  /** All keys, `__typename` among them. */
  keys: readonly string[];
  /** What follows the last part. */
  suffix: string;
}

/** A field with what stands before it. */
export interface Part {
  key: string;
  /** From the end of the value before to the beginning of this one. */
  prefix: string;
  value: ValueModel;
}

/** An answer is not modelled: it has something that bytes alone do not tell. */
export class NotModelled extends Error {}

/** Whether a value has no object in it, and is used as a whole. */
export const isWhole = (value: ValueModel): boolean => value.kind === 'leaf' || (value.kind === 'list' && isWhole(value.item));

export interface ModelledDocument {
  document: string;
  /** Of the whole supergraph. */
  schema: GraphQLSchema;
  conditions: Conditions;
}

/** What a fetch of root fields is answered. @throws NotModelled */
export function rootModel(given: ModelledDocument, type: GraphQLObjectType): ObjectModel {
  const { parts, selectionSet } = read(given);
  return objectModel(parts, type, [selectionSet], false);
}

/** What a fetch of entities of a type is answered for each of them. @throws NotModelled */
export function entityModel(given: ModelledDocument, type: GraphQLObjectType): ObjectModel {
  const { parts, selectionSet } = read(given);
  const [field, ...others] = selectionSet.selections;
  if (field?.kind !== Kind.FIELD || field.alias || field.name.value !== '_entities' || others.length > 0) throw new NotModelled('a fetch of entities and of something else');
  return objectModel(parts, type, [field.selectionSet!], false);
}

function read({ document, schema, conditions }: ModelledDocument): { parts: ShapeParts; selectionSet: SelectionSetNode } {
  const parsed = parse(document, { noLocation: true });
  const fragments = fragmentsIn(parsed);
  const operation = parsed.definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
  return { parts: { schema, fragments, conditions, joinedAt: () => false }, selectionSet: operation.selectionSet };
}

function objectModel(shape: ShapeParts, type: GraphQLObjectType, selections: readonly SelectionSetNode[], nullable: boolean): ObjectModel {
  const parts: Part[] = [];
  const keys: string[] = [];
  let text = '';
  for (const [key, nodes] of selectedFields(shape, type, selections)) {
    const name = nodes[0]!.name.value;
    text += `${keys.length === 0 ? '{' : ','}${JSON.stringify(key)}:`;
    keys.push(key);
    if (name === '__typename') {
      text += JSON.stringify(type.name);
      continue;
    }
    const declared = typeOfField(type, name);
    if (!declared) throw new NotModelled(`${type.name}.${name} is not of the graph`);
    parts.push({ key, prefix: text, value: valueModel(shape, declared, nodes.map(({ selectionSet }) => selectionSet!)) });
    text = '';
  }
  if (keys.length === 0) throw new NotModelled('an object without fields');
  return { kind: 'object', type, nullable, parts, keys, suffix: `${text}}` };
}

function valueModel(shape: ShapeParts, declared: GraphQLOutputType, selections: readonly SelectionSetNode[]): ValueModel {
  const nullable = !isNonNullType(declared);
  const type = getNullableType(declared);
  if (isListType(type)) return { kind: 'list', item: valueModel(shape, type.ofType, selections), nullable };
  if (!isCompositeType(type)) return { kind: 'leaf', type, nullable };
  if (!isObjectType(type)) throw new NotModelled(`${type.name} may be several types`);
  return objectModel(shape, type, selections, nullable);
}
