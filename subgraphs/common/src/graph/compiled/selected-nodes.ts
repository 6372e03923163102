import { GraphQLIncludeDirective, GraphQLSkipDirective, isAbstractType, Kind, typeFromAST, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLObjectType, type GraphQLSchema, type SelectionNode, type SelectionSetNode } from 'graphql';

/** Fragments of a document by name. */
export type Fragments = Readonly<Record<string, FragmentDefinitionNode>>;

/** What is looked at to collect fields. */
export interface Selecting {
  schema: GraphQLSchema;
  fragments: Fragments;
}

const CONDITIONS: ReadonlySet<string> = new Set([GraphQLSkipDirective.name, GraphQLIncludeDirective.name]);
/** No key of an object that is made by assignment. */
const PROTOTYPE = '__proto__';

/** Whether what a document selects is the same whatever its variables are, under names that are keys like any other. */
export function isFixed({ definitions }: DocumentNode): boolean {
  return definitions.every((definition) => !('selectionSet' in definition) || isFixedSet(definition.selectionSet));
}

const isFixedSet = ({ selections }: SelectionSetNode): boolean => selections.every(isFixedSelection);

function isFixedSelection(selection: SelectionNode): boolean {
  if (selection.directives?.some(({ name }) => CONDITIONS.has(name.value))) return false;
  if (selection.kind === Kind.FIELD && (selection.alias ?? selection.name).value === PROTOTYPE) return false;
  return !('selectionSet' in selection) || selection.selectionSet === undefined || isFixedSet(selection.selectionSet);
}

/** The fields that selection sets ask of objects of a type, by their keys in the answer (GraphQL, 6.3.2). */
export function selectedNodes(selecting: Selecting, type: GraphQLObjectType, sets: readonly SelectionSetNode[]): ReadonlyMap<string, readonly FieldNode[]> {
  const selected = new Map<string, FieldNode[]>();
  const spread = new Set<string>();
  const { schema, fragments } = selecting;
  const collect = ({ selections }: SelectionSetNode): void => {
    for (const selection of selections) {
      if (selection.kind === Kind.FIELD) {
        const key = (selection.alias ?? selection.name).value;
        const nodes = selected.get(key);
        if (nodes) nodes.push(selection);
        else selected.set(key, [selection]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        if (isOf(schema, type, selection.typeCondition)) collect(selection.selectionSet);
      } else if (!spread.has(selection.name.value)) {
        spread.add(selection.name.value);
        const fragment = fragments[selection.name.value];
        if (fragment && isOf(schema, type, fragment.typeCondition)) collect(fragment.selectionSet);
      }
    }
  };
  sets.forEach(collect);
  return selected;
}

function isOf(schema: GraphQLSchema, type: GraphQLObjectType, condition: FragmentDefinitionNode['typeCondition'] | undefined): boolean {
  if (!condition) return true;
  const wanted = typeFromAST(schema, condition);
  return wanted === type || (isAbstractType(wanted) && schema.isSubType(wanted, type));
}
