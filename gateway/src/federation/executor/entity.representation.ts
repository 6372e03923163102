import type { GraphQLSchema } from 'graphql';
import type { QueryPlanFieldNode, QueryPlanSelectionNode } from '@apollo/query-planner';
import { isData, merge, readerOf, setOwn, type Data } from './fetched.data.js';
import { isOfType } from './type.condition.js';

/** What names an entity to a subgraph; null where something of it is missing, whose failure was told already. */
export type Represent = (entity: Data) => Data | null;

/** Adds a part of a representation to it; false: the entity lacks something of it. */
type Part = (entity: Data, representation: Data) => boolean;

/** @param schema of the whole supergraph, as keys may be hidden from clients */
export function compileRepresentation(requires: readonly QueryPlanSelectionNode[], schema: GraphQLSchema): Represent {
  const parts = requires.map((selection): Part => (selection.kind === 'Field' ? fieldPart(selection, schema) : conditionPart(selection, schema)));
  return (entity) => {
    const representation: Data = {};
    for (const part of parts) if (!part(entity, representation)) return null;
    return representation;
  };
}

function fieldPart({ alias, name, selections }: QueryPlanFieldNode, schema: GraphQLSchema): Part {
  const key = alias ?? name;
  const read = readerOf(key);
  const inner = selections && compileRepresentation(selections, schema);
  const taken = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(taken);
    return inner && isData(value) ? inner(value) : value;
  };
  return (entity, representation) => {
    const value = read(entity);
    if (value === undefined) return false;
    setOwn(representation, key, inner ? taken(value) : value);
    return true;
  };
}

function conditionPart({ typeCondition, selections }: Exclude<QueryPlanSelectionNode, QueryPlanFieldNode>, schema: GraphQLSchema): Part {
  if (!typeCondition) return () => true;
  const represent = compileRepresentation(selections, schema);
  return (entity, representation) => {
    if (!isOfType(schema, entity['__typename'], typeCondition)) return true;
    const part = represent(entity);
    if (part) merge(representation, part);
    return true;
  };
}
