import { Kind, visit, type DocumentNode, type FragmentDefinitionNode, type GraphQLSchema, type InlineFragmentNode, type SelectionNode } from 'graphql';
import { askingForTypes, TYPE_NAME } from './object-types.js';

/** What the planner is given of a document, so that the plan answers all of it, mutations in their order. */
export const plannedDocument = (document: DocumentNode, schema: GraphQLSchema): DocumentNode => askingForTypes(withPlainTypes(withMutationsInPlace(withoutIntrospection(withoutExcluded(document)), schema)), schema);

/**
 * Takes `__schema` and `__type` out of fragments: no subgraph answers them, and the planner, which passes over them elsewhere,
 * finds no way to those in fragments with conditions.
 */
function withoutIntrospection(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field: ({ name: { value } }, _key, _siblings, _path, ancestors) => (isIntrospection(value) && !isOfOperation(ancestors) ? null : undefined),
    SelectionSet: { leave: (selectionSet) => (selectionSet.selections.length === 0 ? { ...selectionSet, selections: [TYPE_NAME] } : undefined) },
  });
}

/** Leaves out what no variable can put in: the planner would leave out the object around it as well, where nothing else is asked of that. */
function withoutExcluded(document: DocumentNode): DocumentNode {
  const included = (node: SelectionNode, _key: unknown, _siblings: unknown, _path: unknown, ancestors: readonly unknown[]): null | undefined => (canBeIncluded([...ancestors, node]) ? undefined : null);
  return visit(document, { Field: included, InlineFragment: included, FragmentSpread: included });
}

/** Whether there are values of the variables by which none of these nodes, each inside of the one before, is skipped. */
function canBeIncluded(nodes: readonly unknown[]): boolean {
  const wanted = new Map<string, boolean>();
  for (const { name, arguments: [condition] = [] } of nodes.flatMap((node) => (node as Partial<SelectionNode>).directives ?? [])) {
    if (!['skip', 'include'].includes(name.value)) continue;
    const isWanted = name.value === 'include';
    if (condition?.value.kind === Kind.BOOLEAN && condition.value.value !== isWanted) return false;
    if (condition?.value.kind !== Kind.VARIABLE) continue;
    const variable = condition.value.name.value;
    if (wanted.get(variable) === !isWanted) return false;
    wanted.set(variable, isWanted);
  }
  return true;
}

const isIntrospection = (name: string): boolean => name === '__schema' || name === '__type';

/** Whether no fragment stands between the operation and the field. */
const isOfOperation = (ancestors: readonly unknown[]): boolean => ancestors.every((node) => Array.isArray(node) || ![Kind.INLINE_FRAGMENT, Kind.FRAGMENT_DEFINITION].includes((node as { kind: Kind }).kind));

/**
 * Asks for types by no other name, and without conditions: answers are shaped by the types of their objects, and the planner does not
 * ask for that of an `@interfaceObject` where it is to be told under an alias.
 */
const withPlainTypes = (document: DocumentNode): DocumentNode => visit(document, { Field: ({ name }) => (name.value === '__typename' ? TYPE_NAME : undefined) });

/** Puts named fragments of mutations in their place: the planner asks for what is in them first. */
function withMutationsInPlace(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const mutation = schema.getMutationType()?.name;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) if (definition.kind === Kind.FRAGMENT_DEFINITION && definition.typeCondition.name.value === mutation) fragments.set(definition.name.value, definition);
  if (fragments.size === 0) return document;
  return visit(document, {
    FragmentDefinition: ({ name }) => (fragments.has(name.value) ? null : undefined),
    FragmentSpread({ name, directives }): InlineFragmentNode | undefined {
      const fragment = fragments.get(name.value);
      return fragment && { kind: Kind.INLINE_FRAGMENT, typeCondition: fragment.typeCondition, selectionSet: fragment.selectionSet, ...(directives ? { directives } : {}) };
    },
  });
}
