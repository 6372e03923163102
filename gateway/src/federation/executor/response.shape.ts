import { GraphQLError, isCompositeType, isListType, isNonNullType, isObjectType, type FieldNode, type GraphQLCompositeType, type GraphQLEnumType, type GraphQLOutputType, type GraphQLScalarType, type SelectionSetNode } from 'graphql';
import { ANY, type DataPath } from './data.path.js';
import { isData, readerOf, setOwn, type Data } from './fetched.data.js';
import type { JoinedEntities } from './joined.entities.js';
import { fittingLeaf } from './leaf.values.js';
import type { FetchedData } from './plan.program.js';
import { hasFields, selectedFields, typeOfField, typeOfObject, type ShapeParts } from './selected.fields.js';

/** Answers `__schema` and `__type`. */
export type Introspect = (fields: readonly FieldNode[]) => unknown;

/** Puts fetched data into the form that was asked for. What has this form already is not copied, and others may have it as well: nobody changes it. */
export type ResponseShape = (fetched: FetchedData, introspect: Introspect) => ShapedResponse;

export interface ShapedResponse {
  data: Data | null;
  /** Why values had to become null that the data does not have, or not as the schema says. */
  faults: GraphQLError[];
}

/** What one completion knows on its way down. */
interface Completion {
  path: (string | number)[];
  faults: GraphQLError[];
  joins: JoinedEntities;
  introspect: Introspect;
}

/** Answers the value, null, or one of the two below. */
type Complete = (value: unknown, run: Completion) => unknown;
type CompleteObject = (data: Data, run: Completion) => Data | typeof TOLD;

/** A null whose fault was told. */
const TOLD = Symbol('a null that was told of');
/** A null where none may be: what is around it becomes null. */
const REFUSED = Symbol('a null that may not be');

/** A field of an object of the answer; `REFUSED`: the object may not be. */
interface ShapedField {
  key: string;
  read(from: Data): unknown;
  complete: Complete;
}

/** @param root type of the operation */
export function compileShape(parts: ShapeParts, selections: SelectionSetNode, root: GraphQLCompositeType): ResponseShape {
  const complete = new ShapeCompiler(parts).object(root, [selections], [])!;
  return ({ data, joins }, introspect) => {
    const run: Completion = { path: [], faults: [], joins, introspect };
    const completed = complete(data, run);
    return { data: completed === TOLD ? null : completed, faults: run.faults };
  };
}

class ShapeCompiler {
  constructor(private readonly parts: ShapeParts) {}

  /** An object of exactly this type, or of an abstract one where nothing tells which type it has; null for a type without one of the fields. */
  object(type: GraphQLCompositeType, selections: readonly SelectionSetNode[], path: DataPath): CompleteObject | null {
    const selected = selectedFields(this.parts, type, selections);
    if (!hasFields(type, selected)) return null;
    const fields = [...selected].map(([key, nodes]) => this.#field(type, key, nodes, path));
    return (from, run) => {
      let to: Data | undefined = hasKeys(from, fields) ? undefined : {};
      for (let index = 0; index < fields.length; index += 1) {
        const { key, read, complete } = fields[index]!;
        const value = read(from);
        run.path.push(key);
        const completed = complete(value ?? null, run);
        run.path.pop();
        if (completed === REFUSED) return TOLD;
        const shown = completed === TOLD ? null : completed;
        if (!to && shown !== value) to = firstOf(from, fields.slice(0, index));
        if (to) setOwn(to, key, shown);
      }
      return to ?? from;
    };
  }

  #field(parent: GraphQLCompositeType, key: string, nodes: readonly FieldNode[], path: DataPath): ShapedField {
    const name = nodes[0]!.name.value;
    const read = readerOf(key);
    if (name === '__typename') return { key, read, complete: typeNameOf(parent) };
    if (name === '__schema' || name === '__type') return { key, read, complete: (_value, run) => run.introspect(nodes) };
    return { key, read, complete: this.#complete(typeOfField(parent, name)!, nodes, parent, [...path, key]) };
  }

  #complete(type: GraphQLOutputType, nodes: readonly FieldNode[], parent: GraphQLCompositeType, path: DataPath): Complete {
    if (isNonNullType(type)) return required(this.#complete(type.ofType, nodes, parent, path), place(type.ofType, parent));
    if (isListType(type)) return list(this.#complete(type.ofType, nodes, parent, [...path, ANY]), place(type, parent));
    if (isCompositeType(type)) return this.#composite(type, nodes, parent, path);
    return leaf(type, place(type, parent));
  }

  #composite(type: GraphQLCompositeType, nodes: readonly FieldNode[], parent: GraphQLCompositeType, path: DataPath): Complete {
    const selections = nodes.map(({ selectionSet }) => selectionSet!);
    const isJoined = this.parts.joinedAt(path);
    const shapes = new Map<unknown, CompleteObject | null>();
    const shapeOf = (typeName: unknown): CompleteObject | null => {
      const known = shapes.get(typeName);
      if (known !== undefined) return known;
      const named = typeOfObject(typeName, type, this.parts);
      if (!named) return null;
      const shape = this.object(named, selections, path);
      shapes.set(typeName, shape);
      return shape;
    };
    const describe = place(type, parent);
    return (value, run) => {
      if (value === null) return null;
      if (!isData(value)) return told(`Invalid value found for ${describe(run.path)}.`, run);
      const known = isJoined ? run.joins.of(value) : value;
      const shape = shapeOf(known['__typename'] ?? undefined);
      return shape ? shape(known, run) : told(`Invalid __typename found for object at ${describe(run.path)}.`, run);
    };
  }
}

/** Something whose type is not known, as the subgraph that knows it did not answer, cannot be shown. */
const typeNameOf = (type: GraphQLCompositeType): Complete => (isObjectType(type) ? () => type.name : () => REFUSED);

/** Whether an object has these keys, in this order, and no other. */
function hasKeys(data: Data, fields: readonly ShapedField[]): boolean {
  let count = 0;
  // oxlint-disable-next-line guard-for-in -- objects of data inherit nothing that is enumerated
  for (const key in data) {
    if (key !== fields[count]?.key) return false;
    count += 1;
  }
  return count === fields.length;
}

function firstOf(data: Data, fields: readonly ShapedField[]): Data {
  const to: Data = {};
  for (const { key, read } of fields) setOwn(to, key, read(data));
  return to;
}

function required(complete: Complete, describe: Describe): Complete {
  return (value, run) => {
    const completed = complete(value, run);
    if (completed === TOLD) return REFUSED;
    if (completed !== null) return completed;
    told(`Cannot return null for non-nullable ${describe(run.path)}.`, run);
    return REFUSED;
  };
}

function list(complete: Complete, describe: Describe): Complete {
  return (value, run) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return told(`Invalid value found for ${describe(run.path)}.`, run);
    const { path } = run;
    const items: readonly unknown[] = value;
    let refused = false;
    let changed: unknown[] | undefined;
    for (let index = 0; index < items.length; index += 1) {
      path.push(index);
      const item = complete(items[index] ?? null, run);
      path.pop();
      if (item === REFUSED) refused = true;
      const shown = item === TOLD ? null : item;
      if (shown !== items[index]) changed ??= items.slice(0, index);
      changed?.push(shown);
    }
    return refused ? TOLD : (changed ?? items);
  };
}

function leaf(type: GraphQLScalarType | GraphQLEnumType, describe: Describe): Complete {
  const fits = fittingLeaf(type);
  return (value, run) => (value === null || fits(value) ? value : told(`Invalid value found for ${describe(run.path)}.`, run));
}

type Describe = (path: readonly (string | number)[]) => string;

/** How a fault calls the place that a path leads to. */
const place =
  (type: GraphQLOutputType, parent: GraphQLCompositeType): Describe =>
  (path) =>
    typeof path.at(-1) === 'number' ? `array element of type ${String(type)} at index ${path.at(-1)}` : `field ${parent.name}.${path.at(-1)}`;

function told(message: string, { path, faults }: Completion): typeof TOLD {
  faults.push(new GraphQLError(message, { path: [...path], extensions: { code: 'INVALID_GRAPHQL' } }));
  return TOLD;
}
