import { getNamedType, isAbstractType, isCompositeType, isNonNullType, type GraphQLField, type GraphQLNamedType, type GraphQLObjectType, type GraphQLOutputType, type GraphQLSchema } from 'graphql';

/** They say again what `nodes` say. */
const TWICE = new Set(['edges', 'pageInfo']);
const DEPTH = 6;

/**
 * Asks for everything that can be reached from a type without an argument, with the name of each type. No type is entered
 * again below itself.
 */
export function everything(schema: GraphQLSchema, type: GraphQLOutputType | GraphQLNamedType, depth = DEPTH, above: readonly string[] = []): string {
  const named = getNamedType(type);
  if (!isCompositeType(named)) return '';
  const concrete = isAbstractType(named) ? schema.getPossibleTypes(named) : [named];
  const within = [...above, named.name];
  const parts = concrete.map((of) => {
    const fields = Object.values(of.getFields()).map((field) => shown(schema, field, depth, [...within, of.name]));
    return isAbstractType(named) ? `... on ${of.name} { ${fields.join(' ')} }` : fields.join(' ');
  });
  return ` { __typename ${parts.join(' ')} }`;
}

function shown(schema: GraphQLSchema, { name, args, type }: GraphQLField<unknown, unknown>, depth: number, within: readonly string[]): string {
  const named = getNamedType(type);
  const needsArgument = args.some((argument) => isNonNullType(argument.type) && argument.defaultValue === undefined);
  if (TWICE.has(name) || needsArgument) return '';
  if (!isCompositeType(named)) return name;
  return depth === 0 || within.includes(named.name) ? '' : name + everything(schema, named, depth - 1, within);
}

/** An operation that asks one root field for everything. */
export function wholeDocument(schema: GraphQLSchema, kind: 'query' | 'mutation' | 'subscription', root: GraphQLObjectType, name: string, depth?: number): string {
  const { args, type } = root.getFields()[name]!;
  const variables = args.map((argument) => `$${argument.name}: ${String(argument.type)}`).join(', ');
  const passed = args.map((argument) => `${argument.name}: $${argument.name}`).join(', ');
  return `${kind} Ask${variables && `(${variables})`} { ${name}${passed && `(${passed})`}${everything(schema, type, depth)} }`;
}

/** An entity found somewhere in an answer. */
export interface FoundEntity {
  type: string;
  id: string;
}

/** Every object of an answer that has one of these types and an id. */
export function entitiesIn(data: unknown, types: ReadonlySet<string>): FoundEntity[] {
  if (data === null || typeof data !== 'object') return [];
  const { __typename: type, id } = data as { __typename?: unknown; id?: unknown };
  const below = Object.values(data).flatMap((value) => entitiesIn(value, types));
  return typeof type === 'string' && typeof id === 'string' && types.has(type) ? [{ type, id }, ...below] : below;
}
