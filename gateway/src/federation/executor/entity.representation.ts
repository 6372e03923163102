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
  /** Makes the object of it; absent where nobody made it but from the JSON. */
  data?(): Data;
}

/** How entities of one type are named. */
export interface Naming {
  /** Undefined where something of the name is missing, whose failure was told already. */
  represent(entity: Data, joins: JoinedEntities): Representation | undefined;
  /** How many keys a name has that is read from leaves of the entity alone: an entity of no more keys is nothing but its name. */
  keys?: number;
  /** Reads the one leaf by which such entities are told apart, where there is but one. */
  leaf?: (entity: Data) => unknown;
}

/** How entities are named whose `__typename` this is. */
export type NamingOf = (type: unknown) => Naming;

/** @param schema of the whole supergraph, as keys may be hidden from clients; `rewrite` changes what was read before it is used */
export function compileNaming(requires: readonly QueryPlanSelectionNode[], schema: GraphQLSchema, rewrite?: (data: Data) => void): NamingOf {
  const read = compileObject(requires, schema);
  const whole: Naming = {
    represent(entity, joins) {
      const data = read(entity, joins);
      if (!data?.['__typename']) return undefined;
      rewrite?.(data);
      return { json: JSON.stringify(data), data: () => data };
    },
  };
  if (rewrite) return () => whole;
  const byType = new Map<unknown, Naming>();
  return (type) => {
    const known = byType.get(type);
    if (known || typeof type !== 'string' || !schema.getType(type)) return known ?? whole;
    const naming = plainNaming(requires, type, schema) ?? whole;
    byType.set(type, naming);
    return naming;
  };
}

/** For the usual key, which is made of leaves alone. */
function plainNaming(requires: readonly QueryPlanSelectionNode[], type: unknown, schema: GraphQLSchema): Naming | undefined {
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
  const leaves = fields.filter(({ key }) => key !== '__typename');
  if (leaves.length === fields.length) return undefined;
  return {
    represent(entity) {
      let json = '';
      for (const { text, read } of fields) {
        const value = read(entity);
        if (value === undefined) return undefined;
        json += text + jsonText(value);
      }
      return { json: `${json}}`, data: () => Object.fromEntries(fields.map(({ key, read }) => [key, read(entity)])) };
    },
    keys: fields.length,
    ...(leaves.length === 1 ? { leaf: leaves[0]!.read } : {}),
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
