import { getVariableValues, isLeafType, isListType, isNonNullType, typeFromAST, type GraphQLInputType, type GraphQLSchema, type OperationDefinitionNode, type TypeNode } from 'graphql';

/** Coerces the variables of one operation (GraphQL, 6.1.2). */
export type CoerceVariables = (given: Readonly<Record<string, unknown>>) => ReturnType<typeof getVariableValues>;

/** Answers the value, or `UNSURE`. */
type Coerce = (value: unknown) => unknown;

/** What is left to graphql-js: it knows of defaults and of objects, and tells of faults. */
const UNSURE = Symbol('left to graphql-js');

/** As many faults of variables as graphql-js tells of. */
const MOST_FAULTS = 50;

/** Looks the types up once; leaves and lists of them, such as the representations of entities, are coerced without looking at types again. */
export function compileVariables(schema: GraphQLSchema, { variableDefinitions = [] }: OperationDefinitionNode): CoerceVariables {
  const coercions = variableDefinitions.map(({ variable, type }): [string, Coerce] => [variable.name.value, coercionFrom(schema, type)]);
  return (given) => {
    const coerced: Record<string, unknown> = Object.create(null);
    for (const [name, coerce] of coercions) {
      const value = Object.hasOwn(given, name) ? coerce(given[name]) : UNSURE;
      if (value === UNSURE) return getVariableValues(schema, variableDefinitions, given, { maxErrors: MOST_FAULTS });
      coerced[name] = value;
    }
    return { coerced };
  };
}

function coercionFrom(schema: GraphQLSchema, node: TypeNode): Coerce {
  const type = typeFromAST(schema, node) as GraphQLInputType | undefined;
  return type ? coercionOf(type) : unsure;
}

function coercionOf(type: GraphQLInputType): Coerce {
  if (isNonNullType(type)) {
    const coerce = coercionOf(type.ofType);
    return (value) => (value === null ? UNSURE : coerce(value));
  }
  if (isListType(type)) return list(coercionOf(type.ofType));
  if (!isLeafType(type)) return unsure;
  return (value) => {
    if (value === null) return null;
    try {
      return type.parseValue(value) ?? UNSURE;
    } catch {
      return UNSURE;
    }
  };
}

const unsure: Coerce = () => UNSURE;

function list(coerce: Coerce): Coerce {
  return (value) => {
    if (value === null) return null;
    if (!Array.isArray(value)) return UNSURE;
    const items = value.map(coerce);
    return items.includes(UNSURE) ? UNSURE : items;
  };
}
