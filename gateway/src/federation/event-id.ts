import { getNamedType, isObjectType, Kind, parse, print, type ExecutionResult, type FieldNode, type GraphQLSchema, type SelectionNode } from 'graphql';

/** Where an event's id stands in its source, beside what the client asked for. */
const EVENT_ID = 'hutongEventId';

/** An argument that says behind which event a stream begins: events of such streams have ids. */
const REPLAYED_FROM = 'after';

const ASKED: FieldNode = { kind: Kind.FIELD, alias: { kind: Kind.NAME, value: EVENT_ID }, name: { kind: Kind.NAME, value: 'id' } };

/** The operation that opens a source, asking for the id of each event too; undefined when its events have none. */
export function withEventId(operation: string, schema: GraphQLSchema): string | undefined {
  const { definitions, ...document } = parse(operation, { noLocation: true });
  let asks = false;
  const asking = (selection: SelectionNode): SelectionNode => {
    if (selection.kind !== Kind.FIELD || !selection.selectionSet || !hasEventIds(selection.name.value, schema)) return selection;
    asks = true;
    return { ...selection, selectionSet: { ...selection.selectionSet, selections: [...selection.selectionSet.selections, ASKED] } };
  };
  const asked = definitions.map((definition) => {
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    return { ...definition, selectionSet: { ...definition.selectionSet, selections: definition.selectionSet.selections.map(asking) } };
  });
  return asks ? print({ ...document, definitions: asked }) : undefined;
}

/** The id of an event as its source told it. */
export function eventIdOf({ data }: ExecutionResult): string | undefined {
  const [event] = Object.values(data ?? {}) as (Record<string, unknown> | null)[];
  const id = event?.[EVENT_ID];
  return typeof id === 'string' ? id : undefined;
}

function hasEventIds(name: string, schema: GraphQLSchema): boolean {
  const field = schema.getSubscriptionType()?.getFields()[name];
  const type = field && getNamedType(field.type);
  return isObjectType(type) && 'id' in type.getFields() && field!.args.some((argument) => argument.name === REPLAYED_FROM);
}
