/**
 * PostgreSQL array literals. node-postgres writes arrays element by element with two regular expressions each, which
 * for a batch of 10,000 reports costs more than the statement's own parsing; these join natively.
 */
export function plainArray(values: readonly (number | boolean | string | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** The same for text, which is quoted. */
export function textArray(values: readonly string[]): string {
  return `{${values.map(quoted).join(',')}}`;
}

const SPECIAL = /["\\]/;

const quoted = (text: string): string => `"${SPECIAL.test(text) ? text.replaceAll(/["\\]/g, '\\$&') : text}"`;
