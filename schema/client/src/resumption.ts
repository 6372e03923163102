import { Kind, type DocumentNode, type FieldNode, type OperationDefinitionNode, type SelectionNode } from '@0no-co/graphql.web';

/** How a subscription goes on behind what it has already told. */
export interface Resumption {
  /** The variable to put the position into: that of the argument `after`. */
  variable: string;
  /** Where the event stands. */
  positionOf(data: unknown): string | undefined;
  /** Whether nothing follows the event. */
  isLast(data: unknown): boolean;
}

/**
 * How the subscription of a document is resumed; undefined when it cannot be, as it has no variable for `after`, or does not ask
 * for the `id` of its events (or, of a log, for `cursor` and `complete`).
 */
export function resumptionOf(document: DocumentNode): Resumption | undefined {
  const operation = document.definitions.find((definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION);
  const [root] = operation?.selectionSet.selections ?? [];
  if (root?.kind !== Kind.FIELD) return undefined;
  const after = root.arguments?.find(({ name }) => name.value === 'after')?.value;
  if (after?.kind !== Kind.VARIABLE) return undefined;
  const [id, cursor, complete] = ['id', 'cursor', 'complete'].map((name) => keyOf(root.selectionSet?.selections ?? [], name));
  const position = id ?? (complete === undefined ? undefined : cursor);
  if (position === undefined) return undefined;
  const told = (data: unknown): Record<string, unknown> => (data as Record<string, Record<string, unknown> | null>)[responseKey(root)] ?? {};
  return {
    variable: after.name.value,
    positionOf: (data) => told(data)[position] as string | undefined,
    isLast: (data) => id === undefined && told(data)[complete!] === true,
  };
}

/** Under which key a field is answered; undefined when it is not asked for. */
function keyOf(selections: readonly SelectionNode[], name: string): string | undefined {
  const field = selections.find((selection): selection is FieldNode => selection.kind === Kind.FIELD && selection.name.value === name);
  return field && responseKey(field);
}

const responseKey = ({ alias, name }: FieldNode): string => (alias ?? name).value;
