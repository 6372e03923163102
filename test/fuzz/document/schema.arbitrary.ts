import fc from 'fast-check';
import type { OpenApiDocument, Schema } from './openapi.document.js';

/** Values for a field of this name. */
export type KnownValues = Readonly<Record<string, readonly unknown[]>>;

export interface WorldValues {
  /** Such as ids of what exists: drawn more often than others. */
  known: KnownValues;
  /** For fields with rules that a schema cannot say, or that go for several fields at once: no others are drawn, and these always; undefined leaves the field out. */
  fixed: KnownValues;
}

const DEEPEST = 5;
/** Lists may be as long as the schema says, up to this. */
const USUAL_ITEMS = 4;

/** A text of any script that can be kept: no U+0000, no half of a surrogate pair; where it may not be empty, not of spaces alone. */
const anyText = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.string({ minLength, maxLength: Math.min(maxLength, Math.max(minLength, 20)) }),
    fc.string({ unit: 'grapheme', minLength, maxLength: Math.min(maxLength, Math.max(minLength, 10)) }).filter((text) => [...text].length <= maxLength),
    fc.constantFrom('互通', '算力', "Robert'); DROP TABLE students;--", '<b>&amp;</b>', '👩‍👩‍👧', '%00', '${x}', 'null', '__proto__').filter((text) => [...text].length >= minLength && [...text].length <= maxLength),
  ).filter((text) => minLength === 0 || text.trim() !== '');

const FORMATS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'date-time': fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true }).map((date) => date.toISOString()),
  uuid: fc.uuid(),
  ipv4: fc.ipV4(),
  uri: fc.webUrl(),
  binary: fc.constant('bytes'),
};

/** Draws values that a schema of the document takes. */
export class SchemaArbitrary {
  readonly #document: OpenApiDocument;
  readonly #values: WorldValues;

  constructor(document: OpenApiDocument, values: WorldValues) {
    this.#document = document;
    this.#values = values;
  }

  /** @param name of the field or parameter that it is for */
  of(given: Schema, name = '', depth = 0): fc.Arbitrary<unknown> {
    const { known: more, fixed } = this.#values;
    const schema = this.#document.resolve(given);
    if (Object.hasOwn(fixed, name) && schema.type !== 'array') return fc.constantFrom(...fixed[name]!);
    const drawn = this.#drawn(schema, name, depth);
    const choices: fc.WeightedArbitrary<unknown>[] = [{ weight: 3, arbitrary: drawn }];
    const known = Object.hasOwn(more, name) ? more[name]! : [];
    if (known.length > 0 && schema.type !== 'array') choices.push({ weight: 6, arbitrary: fc.constantFrom(...known) });
    const examples = [...((schema.examples as unknown[] | undefined) ?? []), ...('example' in schema ? [schema.example] : [])];
    if (examples.length > 0) choices.push({ weight: 2, arbitrary: fc.constantFrom(...examples) });
    return choices.length === 1 ? drawn : fc.oneof(...choices);
  }

  #drawn(schema: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
    if ('const' in schema) return fc.constant(schema.const);
    if (Array.isArray(schema.enum)) return fc.constantFrom(...(schema.enum as unknown[]));
    const alternatives = (schema.oneOf ?? schema.anyOf) as Schema[] | undefined;
    if (alternatives) return fc.oneof(...alternatives.map((alternative) => this.of({ ...without(schema, 'oneOf', 'anyOf'), ...this.#document.resolve(alternative) }, name, depth)));
    if (Array.isArray(schema.allOf)) return this.of(Object.assign(without(schema, 'allOf'), ...(schema.allOf as Schema[]).map((part) => this.#document.resolve(part))) as Schema, name, depth);
    const types = [schema.type ?? guessedType(schema)].flat() as string[];
    return types.length === 1 ? this.#ofType(types[0]!, schema, name, depth) : fc.oneof(...types.map((type) => this.#ofType(type, schema, name, depth)));
  }

  #ofType(type: string, schema: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
    switch (type) {
      case 'null':
        return fc.constant(null);
      case 'boolean':
        return fc.boolean();
      case 'integer':
        return fc.oneof(fc.integer({ ...rangeOf(schema), ...(rangeOf(schema).max > 1_000 ? { max: 1_000 } : {}) }), fc.integer(rangeOf(schema)));
      case 'number':
        return fc.oneof(fc.double({ ...rangeOf(schema), noNaN: true }).map((number) => (Object.is(number, -0) ? 0 : number)), fc.integer(rangeOf(schema)));
      case 'string':
        return textOf(schema);
      case 'array':
        return this.#list(schema, name, depth);
      case 'object':
        return this.#object(schema, depth);
      default:
        return anyValue;
    }
  }

  #list({ items, minItems, maxItems, uniqueItems }: Schema, name: string, depth: number): fc.Arbitrary<unknown> {
    const least = Number(minItems ?? 0);
    const most = Math.min(Number(maxItems ?? USUAL_ITEMS), Math.max(least, USUAL_ITEMS));
    const element = this.of((items ?? {}) as Schema, name, depth + 1);
    const bounds = { minLength: least, maxLength: depth >= DEEPEST ? least : most };
    return uniqueItems === true ? fc.uniqueArray(element, bounds) : fc.array(element, bounds);
  }

  #object(schema: Schema, depth: number): fc.Arbitrary<unknown> {
    const properties = Object.entries((schema.properties ?? {}) as Record<string, Schema>).filter(([, property]) => this.#document.resolve(property).readOnly !== true);
    const required = new Set((schema.required ?? []) as string[]);
    const model = Object.fromEntries(properties.map(([name, property]) => [name, this.of(property, name, depth + 1)]));
    const object = fc.record(model, { requiredKeys: Object.keys(model).filter((name) => required.has(name) || Object.hasOwn(this.#values.fixed, name)) });
    if (properties.length > 0) return object.map((fields) => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)));
    return fc.dictionary(anyText(1, 20), depth >= DEEPEST ? fc.constant(1) : anyValue, { maxKeys: 4 });
  }
}

/** JSON of any kind whose every text can be kept. */
const anyValue: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 2 }).map((value) => JSON.parse(JSON.stringify(value).replaceAll(/\\u0000|\\ud[89a-f][0-9a-f]{2}/gi, '')) as unknown);

const without = (schema: Schema, ...names: string[]): Schema => Object.fromEntries(Object.entries(schema).filter(([name]) => !names.includes(name)));

function guessedType(schema: Schema): string {
  if (schema.properties || schema.additionalProperties) return 'object';
  if (schema.items) return 'array';
  if (schema.pattern || schema.minLength || schema.maxLength || schema.format) return 'string';
  return schema.minimum === undefined ? 'any' : 'integer';
}

function rangeOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): { min: number; max: number } {
  const min = typeof exclusiveMinimum === 'number' ? exclusiveMinimum + 1 : Number(minimum ?? -(2 ** 31));
  const max = typeof exclusiveMaximum === 'number' ? exclusiveMaximum - 1 : Number(maximum ?? 2 ** 31 - 1);
  return { min: Math.max(min, -(2 ** 31)), max: Math.min(max, 2 ** 31 - 1) };
}

function textOf({ minLength, maxLength, pattern, format }: Schema): fc.Arbitrary<string> {
  const least = Number(minLength ?? 0);
  const most = Number(maxLength ?? 10_000);
  if (typeof pattern === 'string') return fc.stringMatching(new RegExp(pattern), { maxLength: Math.min(most, 60) }).filter((text) => !text.includes('\0') && text.isWellFormed() && text.length >= least && (text === '' || text.trim() !== ''));
  if (typeof format === 'string' && FORMATS[format]) return FORMATS[format];
  return anyText(least, most);
}
