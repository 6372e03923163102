import type { GraphQLSchema } from 'graphql';
import type { QueryPlanFieldNode, QueryPlanSelectionNode } from '@apollo/query-planner';
import { addTo, isData, readerOf, setOwn, type Data } from './fetched.data.js';
import type { JoinedEntities } from './joined.entities.js';
import { jsonText } from './json.text.js';
import { isOfType } from './type.condition.js';

/** What names an entity to a subgraph. */
export interface Representation {
  /** As JSON: equal for the same entity. */
  json: string;
  /** Makes the object of it. */
  data(): Data;
  /** How many keys it has where they are all of the entity's own; an entity of no more keys is nothing but this name. */
  keys: number | undefined;
}

/** Undefined where something of it is missing, whose failure was told already. */
export type Represent = (entity: Data, joins: JoinedEntities) => Representation | undefined;

/** @param schema of the whole supergraph, as keys may be hidden from clients; `rewrite` changes what was read before it is used */
export function compileRepresentation(requires: readonly QueryPlanSelectionNode[], schema: GraphQLSchema, rewrite?: (data: Data) => void): Represent {
  const read = compileObject(requires, schema);
  const whole: Represent = (entity, joins) => {
    const data = read(entity, joins);
    if (!data?.['__typename']) return undefined;
    rewrite?.(data);
    return { json: JSON.stringify(data), data: () => data, keys: undefined };
  };
  if (rewrite) return whole;
  const byType = new Map<unknown, Represent>();
  return (entity, joins) => {
    const type = entity['__typename'];
    let represent = byType.get(type);
    if (!represent) byType.set(type, (represent = plainKey(requires, type, schema) ?? whole));
    return represent(entity, joins);
  };
}

/** For the usual key, which is made of leaves alone. */
function plainKey(requires: readonly QueryPlanSelectionNode[], type: unknown, schema: GraphQLSchema): Represent | undefined {
  const parts = requires.filter((selection) => selection.kind === 'Field' || isOfType(schema, type, selection.typeCondition ?? ''));
  const [part] = parts;
  if (parts.length !== 1 || part?.kind !== 'InlineFragment') return undefined;
  const fields: { key: string; text: string; read: (data: Data) => unknown }[] = [];
  for (const selection of part.selections) {
    if (selection.kind !== 'Field' || selection.selections) return undefined;
    const key = selection.alias ?? selection.name;
    if (fields.some((other) => other.key === key)) return undefined;
    fields.push({ key, text: `${fields.length > 0 ? ',' : '{'}${JSON.stringify(key)}:`, read: readerOf(key) });
  }
  if (!fields.some(({ key }) => key === '__typename')) return undefined;
  return (entity) => {
    let json = '';
    for (const { text, read } of fields) {
      const value = read(entity);
      if (value === undefined) return undefined;
      json += text + jsonText(value);
    }
    const data = (): Data => {
      const named: Data = {};
      for (const { key, read } of fields) setOwn(named, key, read(entity));
      return named;
    };
    return { json: `${json}}`, data, keys: fields.length };
  };
}

type ReadObject = (entity: Data, joins: JoinedEntities) => Data | null;

/** Adds a part of an object to it; false: the entity lacks something of it. */
type Part = (entity: Data, object: Data, joins: JoinedEntities) => boolean;

function compileObject(requires: readonly QueryPlanSelectionNode[], schema: GraphQLSchema): ReadObject {
  const parts = requires.map((selection): Part => (selection.kind === 'Field' ? fieldPart(selection, schema) : conditionPart(selection, schema)));
  return (entity, joins) => {
    const object: Data = {};
    for (const part of parts) if (!part(entity, object, joins)) return null;
    return object;
  };
}

function fieldPart({ alias, name, selections }: QueryPlanFieldNode, schema: GraphQLSchema): Part {
  const key = alias ?? name;
  const read = readerOf(key);
  const inner = selections && compileObject(selections, schema);
  const taken = (value: unknown, joins: JoinedEntities): unknown => {
    if (Array.isArray(value)) return value.map((item) => taken(item, joins));
    return inner && isData(value) ? inner(joins.of(value), joins) : value;
  };
  return (entity, object, joins) => {
    const value = read(entity);
    if (value === undefined) return false;
    setOwn(object, key, inner ? taken(value, joins) : value);
    return true;
  };
}

function conditionPart({ typeCondition, selections }: Exclude<QueryPlanSelectionNode, QueryPlanFieldNode>, schema: GraphQLSchema): Part {
  if (!typeCondition) return () => true;
  const read = compileObject(selections, schema);
  return (entity, object, joins) => {
    if (!isOfType(schema, entity['__typename'], typeCondition)) return true;
    const part = read(entity, joins);
    if (part) addTo(object, part);
    return true;
  };
}
