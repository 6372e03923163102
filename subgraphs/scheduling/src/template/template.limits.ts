import { badInput, findUnstorableText, limitExceeded } from '@hutong/common';

const DEEPEST = 32;
const LARGEST_BYTES = 262_144;
const FIELD = 'input.template';

export type TemplateObject = Record<string, unknown>;

export const isObject = (value: unknown): value is TemplateObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * Checks that a template can be kept whole: an object, at most 32 levels deep and 256 KiB as JSON, with text and numbers
 * that JSON and the database can hold.
 *
 * @throws BAD_INPUT, LIMIT_EXCEEDED
 */
export function requireStorable(template: unknown): asserts template is TemplateObject {
  if (!isObject(template)) throw badInput({ field: FIELD, problem: `expected an object, got ${kindOf(template)}` });
  requireShallow(template);
  const unstorable = findUnstorableText(template, FIELD);
  if (unstorable !== undefined) throw badInput({ field: unstorable, problem: 'expected text without U+0000 and lone surrogates' });
  const bytes = Buffer.byteLength(JSON.stringify(template));
  if (bytes > LARGEST_BYTES) throw limitExceeded({ field: FIELD, limit: 'template size', allowed: `${LARGEST_BYTES} bytes`, got: String(bytes) });
}

/** Walks level by level rather than by recursion, which a deep enough template would exhaust. */
function requireShallow(template: TemplateObject): void {
  let level: unknown[] = [template];
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > DEEPEST) throw limitExceeded({ field: FIELD, limit: 'template depth', allowed: `${DEEPEST} levels` });
    const next: unknown[] = [];
    for (const container of level) {
      for (const value of Object.values(container as object)) {
        if (typeof value === 'object' && value !== null) next.push(value);
        else if (typeof value === 'number' && !Number.isFinite(value)) throw badInput({ field: FIELD, problem: 'expected numbers that fit 64-bit floating point' });
      }
    }
    level = next;
  }
}

const kindOf = (value: unknown): string => (Array.isArray(value) ? 'a list' : value === null ? 'null' : `a ${typeof value}`);
