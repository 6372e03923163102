import { readFile } from 'node:fs/promises';
import { findUnstorableText } from '@hutong/common';
import { z } from 'zod';
import { pathText } from '../input/input.js';

/** A file that cannot be imported; the message names the file, the record, counted from 0, and the field. */
export class ImportFileError extends Error {
  override readonly name = 'ImportFileError';
}

/** Reads a file of records: a JSON array, or an object whose `data` is one. UTF-8, with or without a byte order mark. */
export async function readRecords(path: string, shownAs: string): Promise<unknown[]> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new ImportFileError(`${shownAs}: cannot be read (${error.code ?? error.message})`);
  });
  const content = parsed(decoded(bytes, shownAs), shownAs);
  const records = Array.isArray(content) ? content : (content as { data?: unknown } | null)?.data;
  if (!Array.isArray(records)) throw new ImportFileError(`${shownAs}: expected a JSON array of records, or an object with one under "data"`);
  return records;
}

/** Checks every record before any is stored. */
export function checkedRecords<Rule extends z.ZodType>(records: readonly unknown[], rule: Rule, shownAs: string): z.output<Rule>[] {
  const unstorable = findUnstorableText(records, '');
  if (unstorable !== undefined) throw new ImportFileError(`${shownAs}: ${unstorable}: holds U+0000 or half of a surrogate pair, which cannot be stored`);
  const result = z.array(rule).safeParse(records);
  if (result.success) return result.data;
  const { path, message } = result.error.issues[0]!;
  throw new ImportFileError(`${shownAs}: ${pathText(path)}: ${message}`);
}

/** Throws when two records have the same key, and names the later one. */
export function requireDistinct<Item>(items: readonly Item[], keyOf: (item: Item) => string | number, field: string, shownAs: string): void {
  const first = new Map<string | number, number>();
  for (const [index, item] of items.entries()) {
    const earlier = first.get(keyOf(item));
    if (earlier !== undefined) throw new ImportFileError(`${shownAs}: [${index}].${field}: the record [${earlier}] has the same`);
    first.set(keyOf(item), index);
  }
}

function decoded(bytes: Buffer, shownAs: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ImportFileError(`${shownAs}: is not UTF-8`);
  }
}

function parsed(text: string, shownAs: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ImportFileError(`${shownAs}: is not JSON: ${placed((error as Error).message, text)}`);
  }
}

/** The parser's message without its quote of the file, which may hold passwords, and with the line. */
function placed(message: string, text: string): string {
  const position = /position (\d+)/.exec(message)?.[1];
  const reason = message.replace(/, (?:\.\.\.)?"[\s\S]*$/, '').replace(/ in JSON at position[\s\S]*$/, '');
  if (position === undefined) return reason;
  const before = text.slice(0, Number(position)).split('\n');
  return `${reason} in line ${before.length}, column ${before.at(-1)!.length + 1}`;
}
