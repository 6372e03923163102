import { isCompositeType, Kind, type FieldNode, type FragmentDefinitionNode, type GraphQLCompositeType, type GraphQLOutputType, type GraphQLSchema, type SelectionSetNode } from 'graphql';
import type { DataPath } from './data.path.js';
import { isIncluded, type Conditions } from './included.selection.js';
import { isOfType } from './type.condition.js';

/** What the form of an answer is compiled from. */
export interface ShapeParts {
  /** What clients see. */
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  conditions: Conditions;
  /** Whether objects at a place of the data may have been joined. */
  joinedAt: (path: DataPath) => boolean;
}

/** The fields of a type by their keys in the answer, in its order. */
export function selectedFields({ schema, fragments, conditions }: ShapeParts, type: GraphQLCompositeType, selections: readonly SelectionSetNode[]): Map<string, FieldNode[]> {
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

/** The type of a selected field; undefined where the type has no such field. */
export const typeOfField = (parent: GraphQLCompositeType, name: string): GraphQLOutputType | undefined => ('getFields' in parent ? parent.getFields()[name]?.type : undefined);

/** Whether what stands in the data for a type is of a type that all selected fields are of. */
export function hasFields(type: GraphQLCompositeType, fields: ReadonlyMap<string, readonly FieldNode[]>): boolean {
  for (const [field] of fields.values()) if (!field!.name.value.startsWith('__') && !typeOfField(type, field!.name.value)) return false;
  return true;
}

/** The type that an object of the data says it has, the declared one where it says nothing; undefined for what is no type of objects. */
export function typeOfObject(typeName: unknown, declared: GraphQLCompositeType, { schema }: ShapeParts): GraphQLCompositeType | undefined {
  if (typeName === undefined) return declared;
  const type = typeof typeName === 'string' ? schema.getType(typeName) : undefined;
  return isCompositeType(type) ? type : undefined;
}
