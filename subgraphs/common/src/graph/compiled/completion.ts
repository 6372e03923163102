import {
  defaultTypeResolver,
  getNullableType,
  GraphQLError,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  type FieldNode,
  type GraphQLAbstractType,
  type GraphQLList,
  type GraphQLNonNull,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type ResponsePath,
  type SelectionSetNode,
} from 'graphql';
import { inspect } from 'graphql/jsutils/inspect.js';
import { isPromise, nullFor, type Compiling, type Complete, type CompleteLeaf, type QueryRun } from './query-run.js';

/** How the values of a field of a type are completed. @param field as messages call it, such as `Query.machines` */
export function completionOf(compiling: Compiling, type: GraphQLOutputType, nodes: readonly FieldNode[], field: string): Complete {
  const completeLeaf = leafCompletionOf(type, field);
  if (completeLeaf) return (_run, value) => completeLeaf(value);
  if (!isNonNullType(type)) return nullable(compiling, type, nodes, field);
  const complete = nullable(compiling, type.ofType, nodes, field);
  return (run, value, place, info) => complete(run, value, place, info) ?? nullRefused(field);
}

/** The same of a leaf; undefined for another type. */
export function leafCompletionOf(type: GraphQLOutputType, field: string): CompleteLeaf | undefined {
  const leaf = getNullableType(type);
  if (!isLeafType(leaf)) return undefined;
  const isRequired = isNonNullType(type);
  return (value) => {
    if (value === null || value === undefined) return isRequired ? nullRefused(field) : null;
    if (value instanceof Error) throw value;
    const serialized: unknown = leaf.serialize(value);
    if (serialized === null || serialized === undefined) throw new Error(`Expected \`${inspect(leaf)}.serialize(${inspect(value)})\` to return non-nullable value, returned: ${inspect(serialized)}`);
    return serialized;
  };
}

function nullRefused(field: string): never {
  throw new Error(`Cannot return null for non-nullable field ${field}.`);
}

function nullable(compiling: Compiling, type: Exclude<GraphQLOutputType, GraphQLNonNull<never>>, nodes: readonly FieldNode[], field: string): Complete {
  const complete = present(compiling, type, nodes, field);
  return (run, value, place, info) => {
    if (value === null || value === undefined) return null;
    if (value instanceof Error) throw value;
    return complete(run, value, place, info);
  };
}

function present(compiling: Compiling, type: GraphQLOutputType, nodes: readonly FieldNode[], field: string): Complete {
  if (isListType(type)) return list(compiling, type, nodes, field);
  if (isAbstractType(type)) return abstract(compiling, type, nodes, field);
  if (isObjectType(type)) return object(compiling, type, nodes);
  throw new Error(`${field} answers ${inspect(type)}, which is no type of an answer`);
}

function list(compiling: Compiling, { ofType }: GraphQLList<GraphQLOutputType>, nodes: readonly FieldNode[], field: string): Complete {
  const complete = completionOf(compiling, ofType, nodes, field);
  const isRequired = isNonNullType(ofType);
  const item = (run: QueryRun, value: unknown, place: ResponsePath, info: GraphQLResolveInfo): unknown => {
    try {
      const completed = isPromise(value) ? value.then((later) => complete(run, later, place, info)) : complete(run, value, place, info);
      return isPromise(completed) ? completed.then(undefined, (error: unknown) => nullFor(run, nodes, place, isRequired, error)) : completed;
    } catch (error) {
      return nullFor(run, nodes, place, isRequired, error);
    }
  };
  return (run, value, place, info) => {
    if (typeof value !== 'object' || typeof (value as Partial<Iterable<unknown>>)[Symbol.iterator] !== 'function') throw new GraphQLError(`Expected Iterable, but did not find one for field "${field}".`);
    let isPending = false;
    const items: unknown[] = [];
    try {
      for (const each of value as Iterable<unknown>) {
        const completed = item(run, each, { prev: place, key: items.length, typename: undefined }, info);
        if (isPromise(completed)) isPending = true;
        items.push(completed);
      }
    } catch (error) {
      // What other items promise may be broken as well, and nobody waits for it.
      void Promise.allSettled([...items, ...(value as Iterable<unknown>)]);
      throw error;
    }
    return isPending ? Promise.all(items) : items;
  };
}

const setsOf = (nodes: readonly FieldNode[]): SelectionSetNode[] => nodes.flatMap(({ selectionSet }) => selectionSet ?? []);

function object(compiling: Compiling, type: GraphQLObjectType, nodes: readonly FieldNode[]): Complete {
  const execute = compiling.objectOf(type, setsOf(nodes));
  if (!type.isTypeOf) return execute;
  return (run, value, place, info) => {
    const isOfType = type.isTypeOf!(value, run.context, info);
    const executeIf = (isSo: boolean): unknown => {
      if (!isSo) throw new GraphQLError(`Expected value of type "${type.name}" but got: ${inspect(value)}.`, { nodes });
      return execute(run, value, place);
    };
    return isPromise(isOfType) ? isOfType.then(executeIf) : executeIf(isOfType);
  };
}

function abstract(compiling: Compiling, type: GraphQLAbstractType, nodes: readonly FieldNode[], field: string): Complete {
  const completions = new Map<string, Complete>();
  const resolveType = type.resolveType ?? defaultTypeResolver;
  const completionFor = (name: unknown, value: unknown): Complete => {
    const known = completions.get(name as string);
    if (known) return known;
    const complete = object(compiling, runtimeType(compiling, type, name, { nodes, field, value }), nodes);
    completions.set(name as string, complete);
    return complete;
  };
  return (run, value, place, info) => {
    const name = resolveType(value, run.context, info, type);
    if (isPromise(name)) return name.then((later) => completionFor(later, value)(run, value, place, info));
    return completionFor(name, value)(run, value, place, info);
  };
}

/** The type that an object says to be of. @throws GraphQLError when that is none of the possible types */
function runtimeType({ schema }: Compiling, type: GraphQLAbstractType, name: unknown, { nodes, field, value }: { nodes: readonly FieldNode[]; field: string; value: unknown }): GraphQLObjectType {
  const refused = (message: string, named: readonly FieldNode[] | undefined = nodes): GraphQLError => new GraphQLError(message, { nodes: named });
  if (name === null || name === undefined) {
    throw refused(`Abstract type "${type.name}" must resolve to an Object type at runtime for field "${field}". Either the "${type.name}" type should provide a "resolveType" function or each possible type should provide an "isTypeOf" function.`);
  }
  if (typeof name !== 'string') throw refused(`Abstract type "${type.name}" must resolve to an Object type at runtime for field "${field}" with value ${inspect(value)}, received "${inspect(name)}".`, undefined);
  const found = schema.getType(name);
  if (!found) throw refused(`Abstract type "${type.name}" was resolved to a type "${name}" that does not exist inside the schema.`);
  if (!isObjectType(found)) throw refused(`Abstract type "${type.name}" was resolved to a non-object type "${name}".`);
  if (!schema.isSubType(type, found)) throw refused(`Runtime Object type "${found.name}" is not a possible type for "${type.name}".`);
  return found;
}
