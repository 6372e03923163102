import { badInput, decodeCursor, encodeCursor } from '@hutong/common';
import { Field, Int, ObjectType } from 'type-graphql';
import type { LogSource } from './log.source.js';
import { endOfLines, startOfLines, textOf, wholeLength } from './log.text.js';

@ObjectType({ simpleResolvers: true, description: 'A piece of a log, up to 1 MiB. The texts of pages that follow each other are together what was written; what is no UTF-8 is shown as U+FFFD.' })
export class LogPage {
  @Field(() => String, { description: 'What was written, as it came; its last line may not be whole yet.' })
  text!: string;

  @Field(() => String, { description: 'Where it ends: pass it as `after` for what follows.' })
  cursor!: string;

  @Field(() => Boolean, { description: 'Whether nothing follows, as the job has ended.' })
  complete!: boolean;
}

@ObjectType({ simpleResolvers: true, description: 'A page of a log that is counted by pages of 2,000 lines; a page of very long lines ends after 1 MiB.' })
export class NumberedLogPage {
  @Field(() => String, { description: 'The lines; empty while there are none.' })
  text!: string;

  @Field(() => String, { description: 'Where the page ends: pass it as `after` to `log` for what follows.' })
  cursor!: string;

  @Field(() => Int, { description: 'Which page it is, from 1: the last one when a later one was asked for; 0 while there is none.' })
  pageNum!: number;

  @Field(() => Int, { description: 'How many pages there are now; 0 while there is none.' })
  pageCount!: number;
}

/** Which part of a log is wanted: what follows a cursor (by default the beginning), or its end. */
export interface LogArguments {
  after?: string | null | undefined;
  first?: number | null | undefined;
  last?: number | null | undefined;
}

export const PAGE_BYTES = 2 ** 20;
const MOST_LINES = 10_000;

/** Reads one page of a log; memory is bounded whatever its size. @throws BAD_INPUT, ENGINE_UNAVAILABLE */
export function readPage(source: LogSource, { after, first, last }: LogArguments, signal: AbortSignal): Promise<LogPage> {
  requireLines('first', first);
  requireLines('last', last);
  if (last == null) return pageFrom(source, after == null ? 0 : offsetOf(after), first ?? undefined, signal);
  if (first != null || after != null) throw badInput({ field: 'last', problem: 'give either last, or first and after' });
  return tailOf(source, last, signal);
}

async function pageFrom(source: LogSource, from: number, lines: number | undefined, signal: AbortSignal): Promise<LogPage> {
  const { bytes, sizeBytes } = await source.read(from, PAGE_BYTES, signal);
  const isEnd = from + bytes.length >= sizeBytes;
  const wanted = lines === undefined ? bytes : bytes.subarray(0, endOfLines(bytes, lines));
  const whole = source.isClosed && isEnd ? wanted : wanted.subarray(0, wholeLength(wanted));
  const end = from + whole.length;
  return { text: textOf(whole), cursor: cursorOf(end), complete: source.isClosed && end >= sizeBytes };
}

async function tailOf(source: LogSource, lines: number, signal: AbortSignal): Promise<LogPage> {
  const { sizeBytes } = await source.read(0, 1, signal);
  const from = Math.max(0, sizeBytes - PAGE_BYTES);
  const { bytes } = await source.read(from, PAGE_BYTES, signal);
  const start = lines === 0 ? bytes.length : startOfLines(bytes, lines);
  const whole = source.isClosed ? bytes : bytes.subarray(0, wholeLength(bytes));
  const end = from + whole.length;
  return { text: textOf(whole.subarray(start)), cursor: cursorOf(end), complete: source.isClosed && end >= sizeBytes };
}

export const cursorOf = (offset: number): string => encodeCursor([offset]);

/** @throws BAD_INPUT when it is no cursor of a log */
export function offsetOf(cursor: string): number {
  const [offset] = decodeCursor(cursor, 1);
  if (typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0) return offset;
  throw badInput({ field: 'after', problem: 'expected the cursor of a page of the log' });
}

function requireLines(field: string, lines: number | null | undefined): void {
  if (lines != null && (lines < 0 || lines > MOST_LINES)) throw badInput({ field, problem: `expected an integer from 0 to ${MOST_LINES}, got ${lines}` });
}
