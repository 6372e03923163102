import {
  GraphQLError,
  isCompositeType,
  isEnumType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  specifiedScalarTypes,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLEnumType,
  type GraphQLOutputType,
  type GraphQLScalarType,
  type GraphQLSchema,
  type SelectionSetNode,
} from 'graphql';
import { isIncluded, type Conditions } from './included.selection.js';
import { isData, readerOf, setOwn, type Data } from './fetched.data.js';
import { isOfType } from './type.condition.js';

/** Puts fetched data into the form that was asked for. */
export interface ResponseShape {
  /** @param introspect answers `__schema` and `__type` */
  complete(data: Data, introspect: (fields: readonly FieldNode[]) => unknown): ShapedResponse;
}

export interface ShapedResponse {
  data: Data | null;
  /** Why values had to become null that the data does not have, or not as the schema says. */
  faults: GraphQLError[];
}

/** What one completion knows on its way down. */
interface Completion {
  path: (string | number)[];
  faults: GraphQLError[];
  introspect: (fields: readonly FieldNode[]) => unknown;
}

/** Answers the value, null, or one of the two below. */
type Complete = (value: unknown, run: Completion) => unknown;
type CompleteObject = (data: Data, run: Completion) => Data | typeof TOLD;

/** A null whose fault was told. */
const TOLD = Symbol('a null that was told of');
/** A null where none may be: what is around it becomes null. */
const REFUSED = Symbol('a null that may not be');

interface FieldShape {
  key: string;
  add: (from: Data, to: Data, run: Completion) => boolean;
}

interface ShapeParts {
  /** What clients see. */
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  conditions: Conditions;
}

/** @param root type of the operation */
export function compileShape(parts: ShapeParts, selections: SelectionSetNode, root: GraphQLCompositeType): ResponseShape {
  const complete = new ShapeCompiler(parts).object(root, [selections]);
  return {
    complete(data, introspect) {
      const run: Completion = { path: [], faults: [], introspect };
      const completed = complete(data, run);
      return { data: completed === TOLD ? null : completed, faults: run.faults };
    },
  };
}

class ShapeCompiler {
  constructor(private readonly parts: ShapeParts) {}

  /** An object of exactly this type; of an abstract one where nothing tells which type it has. */
  object(type: GraphQLCompositeType, selections: readonly SelectionSetNode[]): CompleteObject {
    const fields = [...this.#collected(type, selections)].map(([key, nodes]) => this.#field(type, key, nodes));
    return (from, run) => {
      const to: Data = {};
      for (const field of fields) if (!field.add(from, to, run)) return TOLD;
      return to;
    };
  }

  /** The fields of a type by their keys in the answer, in its order. */
  #collected(type: GraphQLCompositeType, selections: readonly SelectionSetNode[]): Map<string, FieldNode[]> {
    const { schema, fragments, conditions } = this.parts;
    const fields = new Map<string, FieldNode[]>();
    const spread = new Set<string>();
    const collect = (selectionSet: SelectionSetNode): void => {
      for (const selection of selectionSet.selections) {
        if (!isIncluded(selection, conditions)) continue;
        if (selection.kind === Kind.FIELD) {
          const key = (selection.alias ?? selection.name).value;
          const others = fields.get(key);
          if (others) others.push(selection);
          else fields.set(key, [selection]);
          continue;
        }
        if (selection.kind === Kind.FRAGMENT_SPREAD) {
          if (spread.has(selection.name.value)) continue;
          spread.add(selection.name.value);
        }
        const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
        const condition = fragment.typeCondition?.name.value;
        if (condition === undefined || isOfType(schema, type.name, condition)) collect(fragment.selectionSet);
      }
    };
    for (const selectionSet of selections) collect(selectionSet);
    return fields;
  }

  #field(parent: GraphQLCompositeType, key: string, nodes: readonly FieldNode[]): FieldShape {
    const name = nodes[0]!.name.value;
    if (name === '__typename') return { key, add: typeNameOf(parent, key) };
    if (name === '__schema' || name === '__type') {
      return { key, add: (_from, to, run) => (setOwn(to, key, run.introspect(nodes)), true) };
    }
    const definition = 'getFields' in parent ? parent.getFields()[name] : undefined;
    if (!definition) throw new Error(`${parent.name} has no field ${name}`);
    const complete = this.#complete(definition.type, nodes, parent);
    const read = readerOf(key);
    const add = (from: Data, to: Data, run: Completion): boolean => {
      run.path.push(key);
      const completed = complete(read(from) ?? null, run);
      run.path.pop();
      if (completed === REFUSED) return false;
      setOwn(to, key, completed === TOLD ? null : completed);
      return true;
    };
    return { key, add };
  }

  #complete(type: GraphQLOutputType, nodes: readonly FieldNode[], parent: GraphQLCompositeType): Complete {
    if (isNonNullType(type)) return required(this.#complete(type.ofType, nodes, parent), place(type.ofType, parent));
    if (isListType(type)) return list(this.#complete(type.ofType, nodes, parent), place(type, parent));
    if (isCompositeType(type)) return this.#composite(type, nodes, parent);
    return leaf(type, place(type, parent));
  }

  #composite(type: GraphQLCompositeType, nodes: readonly FieldNode[], parent: GraphQLCompositeType): Complete {
    const selections = nodes.map(({ selectionSet }) => selectionSet!);
    const { schema } = this.parts;
    const shapes = new Map<unknown, CompleteObject | null>();
    const shapeOf = (typeName: unknown): CompleteObject | null => {
      let shape = shapes.get(typeName);
      if (shape === undefined) {
        const named = typeName === undefined ? type : schema.getType(typeName as string);
        shapes.set(typeName, (shape = isCompositeType(named) ? this.object(named, selections) : null));
      }
      return shape;
    };
    const describe = place(type, parent);
    return (value, run) => {
      if (value === null) return null;
      if (!isData(value)) throw new Error(`no object at ${run.path.join('.')}`);
      const typeName = Object.hasOwn(value, '__typename') ? (value['__typename'] ?? undefined) : undefined;
      const shape = shapeOf(typeName);
      if (shape) return shape(value, run);
      run.faults.push(fault(`Invalid __typename found for object at ${describe(run.path)}.`, run));
      return TOLD;
    };
  }
}

/** Something whose type is not known, as the subgraph that knows it did not answer, cannot be shown. */
function typeNameOf(type: GraphQLCompositeType, key: string): FieldShape['add'] {
  if (!isObjectType(type)) return () => false;
  return (_from, to) => (setOwn(to, key, type.name), true);
}

function required(complete: Complete, describe: Describe): Complete {
  return (value, run) => {
    const completed = complete(value, run);
    if (completed === TOLD) return REFUSED;
    if (completed !== null) return completed;
    run.faults.push(fault(`Cannot return null for non-nullable ${describe(run.path)}.`, run));
    return REFUSED;
  };
}

function list(complete: Complete, describe: Describe): Complete {
  return (value, run) => {
    if (value === null) return null;
    if (!Array.isArray(value)) throw new Error(`no list at ${describe(run.path)}`);
    const { path } = run;
    let refused = false;
    const completed: unknown[] = Array.from({ length: value.length });
    for (let index = 0; index < value.length; index += 1) {
      path.push(index);
      const item = complete((value[index] ?? null) as unknown, run);
      path.pop();
      if (item === REFUSED) refused = true;
      completed[index] = item === TOLD ? null : item;
    }
    return refused ? TOLD : completed;
  };
}

function leaf(type: GraphQLScalarType | GraphQLEnumType, describe: Describe): Complete {
  const fits = fitting(type);
  return (value, run) => {
    if (value === null || fits(value)) return value;
    run.faults.push(fault(`Invalid value found for ${describe(run.path)}.`, run));
    return TOLD;
  };
}

const INTEGER = /^-?\d+$/;

/** Which values may stand for a leaf; of a scalar of our own any. */
function fitting(type: GraphQLScalarType | GraphQLEnumType): (value: unknown) => boolean {
  if (isEnumType(type)) return (value) => typeof value === 'string' && type.getValue(value) !== undefined;
  if (!specifiedScalarTypes.includes(type)) return () => true;
  const isInteger = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && INTEGER.test(String(value));
  switch (type.name) {
    case 'Boolean':
      return (value) => typeof value === 'boolean';
    case 'Int':
      return isInteger;
    case 'Float':
      return (value) => typeof value === 'number' && Number.isFinite(value);
    case 'ID':
      return (value) => typeof value === 'string' || isInteger(value);
    default:
      return (value) => typeof value === 'string';
  }
}

type Describe = (path: readonly (string | number)[]) => string;

/** How a fault calls the place that a path leads to. */
const place =
  (type: GraphQLOutputType, parent: GraphQLCompositeType): Describe =>
  (path) =>
    typeof path.at(-1) === 'number' ? `array element of type ${String(type)} at index ${path.at(-1)}` : `field ${parent.name}.${path.at(-1)}`;

const fault = (message: string, { path }: Completion): GraphQLError => new GraphQLError(message, { path: [...path], extensions: { code: 'INVALID_GRAPHQL' } });

