import { Kind, visit, type DocumentNode, type GraphQLSchema, type SelectionNode } from 'graphql';
import { ALWAYS, withDirective, type WantedValues } from '../../document-conditions.js';
import { askingForTypes, TYPE_NAME } from './object-types.js';
import { withSerialMutations } from './serial-mutations.js';

/** What the planner is given of a document, so that the plan answers all of it, mutations in their order. */
export const plannedDocument = (document: DocumentNode, schema: GraphQLSchema): DocumentNode => askingForTypes(withPlainTypes(withSteadyObjects(withSerialMutations(withoutIntrospection(withoutExcluded(document)), schema))), schema);

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
  const directives = nodes.flatMap((node) => (node as Partial<SelectionNode>).directives ?? []);
  return directives.reduce<WantedValues | undefined>(withDirective, ALWAYS) !== undefined;
}

/** Asks objects under conditions for something without any: where all of it has the same ones, the planner would leave out the object as well. */
function withSteadyObjects(document: DocumentNode): DocumentNode {
  const isSteady = ({ kind, directives = [] }: SelectionNode): boolean => kind === Kind.FIELD && directives.length === 0;
  return visit(document, {
    Field: {
      leave: (field) => {
        const { selectionSet, directives = [] } = field;
        if (!selectionSet || directives.length === 0 || selectionSet.selections.some(isSteady)) return undefined;
        return { ...field, selectionSet: { ...selectionSet, selections: [TYPE_NAME, ...selectionSet.selections] } };
      },
    },
  });
}

const isIntrospection = (name: string): boolean => name === '__schema' || name === '__type';

/** Whether no fragment stands between the operation and the field. */
const isOfOperation = (ancestors: readonly unknown[]): boolean => ancestors.every((node) => Array.isArray(node) || ![Kind.INLINE_FRAGMENT, Kind.FRAGMENT_DEFINITION].includes((node as { kind: Kind }).kind));

/**
 * Asks for types by no other name, and without conditions: answers are shaped by the types of their objects, and the planner does not
 * ask for that of an `@interfaceObject` where it is to be told under an alias.
 */
const withPlainTypes = (document: DocumentNode): DocumentNode => visit(document, { Field: ({ name }) => (name.value === '__typename' ? TYPE_NAME : undefined) });
