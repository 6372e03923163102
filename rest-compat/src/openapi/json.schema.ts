import { z } from 'zod';
import type { JsonSchema } from './document.types.js';

/** Names of schemas that the document holds once, by their `meta({ id })`. */
export type NamedSchemas = Map<string, JsonSchema>;

const NAMED = '#/components/schemas/';

/**
 * A shape as JSON schema. What its `meta` says counts, `{ en, zh }` as the description in both languages; shapes with an `id`
 * go to `named` and are referred to.
 *
 * @param io whether callers send it or get it
 */
export function jsonSchema(shape: z.ZodType, io: 'input' | 'output', named: NamedSchemas): JsonSchema {
  const { $schema: _dialect, $defs: definitions = {}, ...schema } = z.toJSONSchema(shape, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema: made }) => tidy(made),
  }) as JsonSchema & { $defs?: Record<string, JsonSchema> };
  for (const [id, { id: _same, ...definition }] of Object.entries(definitions)) named.set(id, pointed(definition) as JsonSchema);
  return pointed(schema) as JsonSchema;
}

/** A description in both languages; no bounds that only say what a double holds, and no pattern that only repeats a format. */
function tidy(made: JsonSchema): void {
  const { en, zh } = made;
  if (en !== undefined) {
    delete made['en'];
    delete made['zh'];
    made['description'] = { en, zh };
  }
  if (made['format'] !== undefined) delete made['pattern'];
  if (made['minimum'] === Number.MIN_SAFE_INTEGER) delete made['minimum'];
  if (made['maximum'] === Number.MAX_SAFE_INTEGER) delete made['maximum'];
}

/** References to what zod calls definitions lead to the document's components. */
function pointed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(pointed);
  return Object.fromEntries(Object.entries(value).map(([key, item]) =>
    [key, key === '$ref' && typeof item === 'string' ? item.replace('#/$defs/', NAMED) : pointed(item)]));
}
