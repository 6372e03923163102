import { badInput, findUnstorableText, isLongerThan } from '@hutong/common';
import { z } from 'zod';

/** Checks an input against its rules and answers it normalised; BAD_INPUT names the first faulty field below `path`. */
export function checkedInput<Schema extends z.ZodType>(schema: Schema, input: unknown, path = 'input'): z.output<Schema> {
  const result = schema.safeParse(input);
  if (!result.success) {
    const issue = result.error.issues[0]!;
    throw badInput({ field: path + pathText(issue.path), problem: issue.message });
  }
  // Looked for in what the rules made, which are plain objects; the input's are classes.
  const unstorable = findUnstorableText(result.data, path);
  if (unstorable !== undefined) throw badInput({ field: unstorable, problem: 'holds U+0000 or half of a surrogate pair, which cannot be stored' });
  return result.data;
}

/** A text of at most so many characters, as the database counts them: an emoji is one. */
export const textUpTo = (most: number) => z.string('expected a text').refine((text) => !isLongerThan(text, most), `expected at most ${most} characters`);

/** A path as text: `[3].ip`, `.name`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${String(step)}`)).join('');
}
