import { isAbstractType, isObjectType, Kind, TypeInfo, visit, visitWithTypeInfo, type DocumentNode, type FieldNode, type GraphQLSchema, type SelectionNode } from 'graphql';
import { fragmentsIn } from '../../document-fragments.js';

/** What asks an object for its type. */
export const TYPE_NAME: FieldNode = { kind: Kind.FIELD, name: { kind: Kind.NAME, value: '__typename' } };

/**
 * Asks objects for their type where a fragment on an interface or a union stands in a selection of the object's own type. The
 * planner has no need to, but the executor of @apollo/gateway, which is told of none, takes the object for one of the
 * interface there, and leaves out what a fragment on the object's own type selects within.
 */
export function askingForTypes(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const fragments = fragmentsIn(document);
  const widens = (selection: SelectionNode): boolean => {
    if (selection.kind === Kind.FIELD) return false;
    const { typeCondition } = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
    return typeCondition !== undefined && isAbstractType(schema.getType(typeCondition.name.value));
  };
  const types = new TypeInfo(schema);
  return visit(
    document,
    visitWithTypeInfo(types, {
      SelectionSet: {
        leave: (selectionSet) => (isObjectType(types.getParentType()) && selectionSet.selections.some(widens) ? { ...selectionSet, selections: [TYPE_NAME, ...selectionSet.selections] } : undefined),
      },
    }),
  );
}
