import { isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

const NAMED = 20;

/** What clients gain and lose with another schema: `Type.field`, the first 20 of each, and how many there are. */
export function graphChanges(before: GraphQLSchema, after: GraphQLSchema): Record<'added' | 'removed', { count: number; fields: string[] }> {
  const [old, young] = [fieldsOf(before), fieldsOf(after)];
  return { added: missing(young, old), removed: missing(old, young) };
}

function missing(fields: ReadonlySet<string>, among: ReadonlySet<string>) {
  const found = [...fields].filter((field) => !among.has(field));
  return { count: found.length, fields: found.slice(0, NAMED) };
}

function fieldsOf(schema: GraphQLSchema): Set<string> {
  const types = Object.values(schema.getTypeMap()).filter((type) => (isObjectType(type) || isInterfaceType(type)) && !type.name.startsWith('__'));
  return new Set(types.flatMap((type) => Object.keys((type as { getFields(): object }).getFields()).map((field) => `${type.name}.${field}`)));
}
