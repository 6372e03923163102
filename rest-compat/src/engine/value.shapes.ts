import { z } from 'zod';

// Every shape's error text is what was expected; input.reader.ts makes `<field>: expected <this>, got <value>` of it. What
// `meta` says is JSON schema, for the documents, of what is taken where zod cannot tell.

/** int in the legacy documents unless they say otherwise: 0 to this. */
export const LARGEST_INT = 2_147_483_647;

const INT = { type: 'integer', minimum: 0, maximum: LARGEST_INT };

/** Only numbers and texts are converted: an object sent as `{"toString": 1}` would throw. */
const expectedInt = ({ input }: { input?: unknown }) => {
  const number = typeof input === 'number' || typeof input === 'string' ? Number(input) : NaN;
  return Number.isInteger(number) && number > LARGEST_INT ? `an integer ≤ ${LARGEST_INT}` : 'an integer ≥ 0';
};

/** An int ≥ 0, as a JSON number. */
export const integer = z.custom<number>(isInt, { error: expectedInt }).meta(INT);

/** An int ≥ 0, as a JSON number or as digits in a text. */
export const integerOrDigits = converted<number>(
  (value) => (typeof value === 'string' && /^\d{1,10}$/.test(value) ? valid(Number(value)) : valid(value)),
  expectedInt,
  { anyOf: [INT, { type: 'string', pattern: '^\\d{1,9}$' }] },
);

export const boolean = z.boolean({ error: 'true or false' });

/** What can be kept; the readers of bodies, queries and forms refuse the rest. */
const STORABLE = { type: 'string', pattern: '^[^\\u0000]*$' };

export const text = z.string({ error: 'text' }).meta(STORABLE);

/** A text of at most so many characters (code points, as the database counts). */
export function textUpTo(most: number): z.ZodType<string> {
  return z.custom<string>((value) => typeof value === 'string' && (value.length <= most || [...value].length <= most), {
    error: ({ input }) => (typeof input === 'string' ? `text of at most ${most} characters` : 'text'),
  }).meta({ ...STORABLE, maxLength: most });
}

/** A text of 1 to so many characters, each of which can be kept. */
export function storableTextUpTo(most: number): z.ZodType<string> {
  return z.string({ error: `text of 1 to ${most} characters` }).check(({ value, issues }) => {
    if (value !== storable(value)) issues.push({ code: 'custom', input: value, message: 'valid UTF-8 without U+0000' });
    else if (value === '' || (value.length > most && [...value].length > most)) issues.push({ code: 'custom', input: value, message: `text of 1 to ${most} characters` });
  }).meta({ ...STORABLE, minLength: 1, maxLength: most });
}

/** The text with a mark in place of each character that cannot be kept: U+0000, and halves of surrogate pairs. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

/** Digits in a query string that make a number from 1 to `most`. */
export function positiveDigits(most: number): z.ZodType<number, unknown> {
  return converted<number>(
    (value) => {
      const number = typeof value === 'string' && /^\d{1,10}$/.test(value) ? Number(value) : 0;
      return number >= 1 && number <= most ? number : undefined;
    },
    () => (most === LARGEST_INT ? 'an integer ≥ 1' : `an integer from 1 to ${most}`),
    { type: 'integer', minimum: 1, maximum: most },
  );
}

/**
 * A shape that turns a value into another; undefined from `convert` means that it cannot be.
 *
 * @param taken JSON schema of the values that it turns
 */
export function converted<Output>(
  convert: (value: unknown) => Output | undefined,
  expected: (issue: { input?: unknown }) => string,
  taken: Record<string, unknown>,
): z.ZodType<Output, unknown> {
  return z.unknown().transform((value, context): Output => {
    const output = convert(value);
    if (output !== undefined) return output;
    context.addIssue({ code: 'custom', message: expected({ input: value }) });
    return z.NEVER;
  }).meta(taken);
}

function isInt(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_INT;
}

function valid(value: unknown): number | undefined {
  return isInt(value) ? (value as number) : undefined;
}
