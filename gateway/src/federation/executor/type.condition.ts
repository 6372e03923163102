import { isAbstractType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

/** Whether something of the named type is also of the type `condition`; false for types that the schema does not have. */
export function isOfType(schema: GraphQLSchema, typeName: unknown, condition: string): boolean {
  if (typeName === condition) return true;
  if (typeof typeName !== 'string') return false;
  const wanted = schema.getType(condition);
  const type = schema.getType(typeName);
  return isAbstractType(wanted) && (isObjectType(type) || isInterfaceType(type)) && schema.isSubType(wanted, type);
}

/** Whether this is the name of what objects can be: the subgraph of an `@interfaceObject` tells them the interface's. */
export const namesObject = (schema: GraphQLSchema, typeName: unknown): boolean => typeof typeName === 'string' && isObjectType(schema.getType(typeName));
