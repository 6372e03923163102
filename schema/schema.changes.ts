import type { JsonSchema } from '@hutong/rest-compat';

/** What `$ref` leads to in either version. */
export interface Schemas {
  before: Record<string, JsonSchema>;
  after: Record<string, JsonSchema>;
}

/** Whether clients send what the schema describes, or read it. */
export type Direction = 'sent' | 'read';

interface Comparison {
  direction: Direction;
  schemas: Schemas;
  /** References that are being compared, as schemas may hold themselves. */
  open: ReadonlySet<string>;
}

const TYPES = ['null', 'boolean', 'object', 'array', 'string', 'integer', 'number'];
/** Keywords of which more refuses more, and those of which less does. */
const LEAST = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems'] as const;
const MOST = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems'] as const;

/** What no longer fits of one schema in the next; one sentence for each. */
export function schemaBreaks(before: JsonSchema, after: JsonSchema, place: string, direction: Direction, schemas: Schemas): string[] {
  return compare(before, after, place, { direction, schemas, open: new Set() });
}

function compare(before: JsonSchema, after: JsonSchema, place: string, comparison: Comparison): string[] {
  const { schemas, open } = comparison;
  const key = `${String(before['$ref'])} ${String(after['$ref'])}`;
  if ('$ref' in before && open.has(key)) return [];
  const [old, now] = [resolved(before, schemas.before), resolved(after, schemas.after)];
  const inner = '$ref' in before ? { ...comparison, open: new Set([...open, key]) } : comparison;
  const [alternatives, left] = [alternativesOf(old), alternativesOf(now)];
  const types = (list: readonly JsonSchema[], named: Schemas[keyof Schemas]) => [...new Set(list.flatMap((schema) => typesOf(resolved(schema, named))))];
  const wrongTypes = typeBreaks(types(alternatives, schemas.before), types(left, schemas.after), place, inner);
  if (alternatives.length > 1 || left.length > 1) return [...wrongTypes, ...alternatives.flatMap((alternative) => closest(alternative, left, place, inner))];
  return [...wrongTypes, ...valueBreaks(old, now, place, inner), ...boundBreaks(old, now, place, inner), ...fieldBreaks(old, now, place, inner), ...otherFieldBreaks(old, now, place, inner), ...itemBreaks(old, now, place, inner)];
}

function resolved(schema: JsonSchema, named: Record<string, JsonSchema>): JsonSchema {
  const reference = schema['$ref'];
  return typeof reference === 'string' ? named[reference.split('/').at(-1)!]! : schema;
}

/** One of which a value has to fit: those within others stand beside them, and each of several types is one. */
function alternativesOf(schema: JsonSchema): JsonSchema[] {
  const alternatives = (schema['anyOf'] ?? schema['oneOf']) as JsonSchema[] | undefined;
  if (alternatives) return alternatives.flatMap(alternativesOf);
  return Array.isArray(schema['type']) ? (schema['type'] as string[]).map((type) => (type === 'null' ? { type } : { ...schema, type })) : [schema];
}

/** What breaks when a client's alternative is taken for the one of the next version that is most like it; where none is of its type, the types tell. */
function closest(alternative: JsonSchema, left: readonly JsonSchema[], place: string, comparison: Comparison): string[] {
  const { before, after } = comparison.schemas;
  const types = typesOf(resolved(alternative, before));
  const candidates = left.filter((candidate) => typesOf(resolved(candidate, after)).some((type) => types.includes(type)));
  const breaks = candidates.map((candidate) => compare(alternative, candidate, place, comparison));
  return breaks.toSorted((a, b) => a.length - b.length)[0] ?? [];
}

function typeBreaks(old: readonly string[], now: readonly string[], place: string, { direction }: Comparison): string[] {
  if (direction === 'sent') return old.filter((type) => !now.includes(type)).map((type) => `${place} no longer takes the type ${type}`);
  return now.filter((type) => !old.includes(type)).map((type) => `${place} may be of the type ${type} now`);
}

/** Every number is allowed where numbers are, whole ones included. */
function typesOf({ type, const: constant, enum: values }: JsonSchema): string[] {
  if (type === undefined && (constant !== undefined || values !== undefined)) return [...new Set(((values ?? [constant]) as unknown[]).map(typeOf))];
  const types = type === undefined ? TYPES : [type].flat() as string[];
  return types.includes('number') ? [...new Set([...types, 'integer'])] : types;
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return Number.isInteger(value) ? 'integer' : typeof value;
}

function valueBreaks(before: JsonSchema, after: JsonSchema, place: string, { direction }: Comparison): string[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  if (!now || (!old && direction === 'read')) return [];
  if (!old) return [`${place} is only one of ${now.join(', ')} now`];
  return old.filter((value) => !now.includes(value)).map((value) => `${place} is never ${value} any more`);
}

function valuesOf({ const: constant, enum: values }: JsonSchema): string[] | undefined {
  if (constant !== undefined) return [JSON.stringify(constant)];
  return (values as unknown[] | undefined)?.map((value) => JSON.stringify(value));
}

/** Answers may become narrower; what is taken may not. */
function boundBreaks(before: JsonSchema, after: JsonSchema, place: string, { direction }: Comparison): string[] {
  if (direction === 'read') return [];
  const number = (schema: JsonSchema, keyword: string, absent: number) => (schema[keyword] as number | undefined) ?? absent;
  return [
    ...LEAST.filter((keyword) => number(after, keyword, -Infinity) > number(before, keyword, -Infinity)).map((keyword) => `the ${keyword} of ${place} is ${String(after[keyword])} now`),
    ...MOST.filter((keyword) => number(after, keyword, Infinity) < number(before, keyword, Infinity)).map((keyword) => `the ${keyword} of ${place} is ${String(after[keyword])} now`),
    ...(['pattern', 'format'] as const).filter((keyword) => after[keyword] !== undefined && after[keyword] !== before[keyword]).map((keyword) => `the ${keyword} of ${place} is ${String(after[keyword])} now`),
  ];
}

function fieldBreaks(before: JsonSchema, after: JsonSchema, place: string, comparison: Comparison): string[] {
  const [old, now] = [(before['properties'] ?? {}) as Record<string, JsonSchema>, (after['properties'] ?? {}) as Record<string, JsonSchema>];
  const [demanded, demands] = [(before['required'] ?? []) as string[], (after['required'] ?? []) as string[]];
  const isSent = comparison.direction === 'sent';
  const required = isSent
    ? demands.filter((name) => !demanded.includes(name)).map((name) => `the field ${name} of ${place} has become required`)
    : demanded.filter((name) => name in now && !demands.includes(name)).map((name) => `the field ${name} of ${place} may be missing now`);
  return Object.entries(old).flatMap(([name, schema]) => {
    const kept = now[name];
    if (kept) return compare(schema, kept, `the field ${name} of ${place}`, comparison);
    return [isSent ? `the field ${name} of ${place} is no longer read` : `the field ${name} of ${place} is gone`];
  }).concat(required);
}

/** What a schema says of fields that it does not name. */
function otherFieldBreaks(before: JsonSchema, after: JsonSchema, place: string, comparison: Comparison): string[] {
  const [old, now] = [before['additionalProperties'], after['additionalProperties']];
  if (comparison.direction === 'sent' && now === false && old !== false) return [`${place} no longer takes fields that are not named`];
  if (old === false || now === false || (typeof old !== 'object' && typeof now !== 'object')) return [];
  return compare(schemaOf(old), schemaOf(now), `another field of ${place}`, comparison);
}

/** Without a schema, anything is allowed. */
const schemaOf = (value: unknown): JsonSchema => (typeof value === 'object' ? (value as JsonSchema) : {});

function itemBreaks(before: JsonSchema, after: JsonSchema, place: string, comparison: Comparison): string[] {
  const [old, now] = [(before['prefixItems'] ?? []) as JsonSchema[], (after['prefixItems'] ?? []) as JsonSchema[]];
  const places = old.flatMap((schema, index) => (now[index] ? compare(schema, now[index], `element ${index} of ${place}`, comparison) : [`element ${index} of ${place} is gone`]));
  const [element, next] = [before['items'], after['items']];
  return typeof element === 'object' || typeof next === 'object' ? [...places, ...compare(schemaOf(element), schemaOf(next), `an element of ${place}`, comparison)] : places;
}
