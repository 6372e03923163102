import { Kind, OperationTypeNode, visit, type DocumentNode, type FieldNode, type FragmentDefinitionNode, type GraphQLSchema, type InlineFragmentNode, type OperationDefinitionNode, type SelectionNode } from 'graphql';
import { ALWAYS, isCondition, withCondition, withDirective, type WantedValues } from '../../document-conditions.js';
import { fragmentsIn } from '../../document-fragments.js';
import { TYPE_NAME } from './object-types.js';

/** So many orders of its fields, and selections, a mutation may have. */
const MOST = 2_000;

interface AskedField {
  key: string;
  field: FieldNode;
  conditions: WantedValues;
}

/**
 * Puts the fields of mutations in the order in which they are run, each once: at the first place that its conditions leave in, with all
 * that is asked of it there and later. Left to itself, the planner puts what is in named fragments first, and has a field run again where
 * one of another subgraph stands between two mentions of it.
 *
 * @param document that is valid, without what its conditions always exclude
 * @throws RangeError where the conditions allow too many orders
 */
export function withSerialMutations(document: DocumentNode, schema: GraphQLSchema): DocumentNode {
  const fragments = fragmentsIn(document);
  const mutation = schema.getMutationType()?.name;
  const serial = visit(document, { OperationDefinition: (operation) => (operation.operation === OperationTypeNode.MUTATION ? withSerialFields(operation, fragments) : undefined) });
  // Whatever is left of its fragments, the planner would write its fields with.
  return visit(serial, {
    FragmentDefinition: ({ typeCondition }) => (typeCondition.name.value === mutation ? null : undefined),
    FragmentSpread({ name, directives }): InlineFragmentNode | undefined {
      const { typeCondition, selectionSet } = fragments.get(name.value)!;
      return typeCondition.name.value === mutation ? { kind: Kind.INLINE_FRAGMENT, typeCondition, selectionSet, ...(directives ? { directives } : {}) } : undefined;
    },
  });
}

function withSerialFields(operation: OperationDefinitionNode, fragments: ReadonlyMap<string, FragmentDefinitionNode>): OperationDefinitionNode {
  const fields = fieldsOf(operation.selectionSet.selections, ALWAYS, fragments);
  const selections = fields.flatMap((asked, at) => {
    const isSame = ({ key }: AskedField): boolean => key === asked.key;
    return selectionsOf(asked, fields.slice(0, at).filter(isSame), fields.slice(at + 1).filter(isSame));
  });
  return { ...operation, selectionSet: { ...operation.selectionSet, selections: selections.length > 0 ? limited(selections) : [TYPE_NAME] } };
}

/** Fields without the fragments around them, and conditions on their own. */
function fieldsOf(selections: readonly SelectionNode[], around: WantedValues, fragments: ReadonlyMap<string, FragmentDefinitionNode>): AskedField[] {
  return selections.flatMap((selection) => {
    const { directives = [] } = selection;
    const conditions = directives.reduce<WantedValues | undefined>(withDirective, around);
    if (!conditions) return [];
    if (selection.kind === Kind.FIELD) return [{ key: (selection.alias ?? selection.name).value, field: { ...selection, directives: directives.filter((directive) => !isCondition(directive)) }, conditions }];
    const { selectionSet } = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value)! : selection;
    return fieldsOf(selectionSet.selections, conditions, fragments);
  });
}

/** The field with all that is asked of it here and later, in each of the ways in which nobody asked for it earlier; no two of them are met at once. */
function selectionsOf({ field, conditions }: AskedField, earlier: readonly AskedField[], later: readonly AskedField[]): readonly SelectionNode[] {
  let ways: readonly WantedValues[] = [conditions];
  for (const other of earlier) ways = limited(ways.flatMap((way) => without(way, other.conditions)));
  if (ways.length === 0) return [];
  const more = later.flatMap((other) => under(other.conditions, other.field.selectionSet?.selections ?? []));
  const whole: FieldNode = field.selectionSet ? { ...field, selectionSet: { ...field.selectionSet, selections: [...field.selectionSet.selections, ...more] } } : field;
  return ways.flatMap((way) => conditional(way, whole));
}

/** A field under its conditions. They stand on the field where they can, as the planner puts fields of equal fragments together. */
function conditional(conditions: WantedValues, field: FieldNode): readonly SelectionNode[] {
  const all = [...conditions];
  const own = [all.find(([, wanted]) => wanted), all.find(([, wanted]) => !wanted)].filter((one) => one !== undefined);
  const around = new Map(all.filter((one) => !own.includes(one)));
  return under(around, [{ ...field, directives: [...(field.directives ?? []), ...own.map(([variable, wanted]) => conditionOn(variable, wanted))] }]);
}

/** The ways in which some conditions are met, and others are not. */
function without(met: WantedValues, unmet: WantedValues): WantedValues[] {
  const ways: WantedValues[] = [];
  let others: WantedValues | undefined = met;
  for (const [variable, wanted] of unmet) {
    const way = withCondition(others, variable, !wanted);
    if (way) ways.push(way);
    others = withCondition(others, variable, wanted);
  }
  return ways;
}

/** A fragment for each condition, one in the other, around these. */
function under(conditions: WantedValues, selections: readonly SelectionNode[]): readonly SelectionNode[] {
  return [...conditions].reduce(
    (inner, [variable, wanted]): readonly SelectionNode[] => [{ kind: Kind.INLINE_FRAGMENT, directives: [conditionOn(variable, wanted)], selectionSet: { kind: Kind.SELECTION_SET, selections: inner } }],
    selections,
  );
}

const nameOf = (value: string) => ({ kind: Kind.NAME, value }) as const;

const conditionOn = (variable: string, wanted: boolean) => ({ kind: Kind.DIRECTIVE, name: nameOf(wanted ? 'include' : 'skip'), arguments: [{ kind: Kind.ARGUMENT, name: nameOf('if'), value: { kind: Kind.VARIABLE, name: nameOf(variable) } }] }) as const;

function limited<Item>(items: readonly Item[]): readonly Item[] {
  if (items.length > MOST) throw new RangeError('the mutation has too many orders');
  return items;
}
