import { isEnumType, specifiedScalarTypes, type GraphQLSchema } from 'graphql';
import { fittingLeaf } from '../leaf.values.js';
import type { LeafModel } from './answer.model.js';
import type { Tape } from './tape.js';

/** Where a value ends that begins here; -1 for one that is not what is expected, or not written as `JSON.stringify` would. */
export type Scan = (text: string, at: number, tape: Tape) => number;

const QUOTE = 34;
const MINUS = 45;
const ZERO = 48;
const NINE = 57;
const NULL = 110;

/** Characters of a text that are looked at one by one before the end is searched for. */
const SHORT = 16;
/** Digits of a number that surely is one as it is written. */
const SURE_DIGITS = 15;

/** @param schema what clients see: they see no other values of an enum */
export function leafScan({ type, nullable }: LeafModel, schema: GraphQLSchema): Scan {
  const scan = scanOf(type, schema);
  return nullable ? orNull(scan) : scan;
}

/** As `scan`, or `null`. */
export const orNull =
  (scan: Scan): Scan =>
  (text, at, tape) =>
    text.charCodeAt(at) === NULL ? literal(text, at, 'null') : scan(text, at, tape);

const literal = (text: string, at: number, expected: string): number => (text.startsWith(expected, at) ? at + expected.length : -1);

function scanOf(type: LeafModel['type'], schema: GraphQLSchema): Scan {
  if (isEnumType(type)) {
    const shown = schema.getType(type.name);
    const names = new Set((isEnumType(shown) ? shown : type).getValues().map(({ name }) => name));
    return (text, at, tape) => {
      const end = textEnd(text, at, tape);
      return end !== -1 && names.has(text.slice(at + 1, end - 1)) ? end : -1;
    };
  }
  if (!specifiedScalarTypes.includes(type)) return anyEnd;
  const fits = fittingLeaf(type);
  switch (type.name) {
    case 'Boolean':
      return (text, at) => literal(text, at, text.charCodeAt(at) === 116 ? 'true' : 'false');
    case 'Int':
    case 'Float':
      return (text, at) => numberEnd(text, at, fits);
    case 'ID':
      return (text, at, tape) => (text.charCodeAt(at) === QUOTE ? textEnd(text, at, tape) : numberEnd(text, at, fits));
    default:
      return textEnd;
  }
}

/** Of control characters nothing is looked for: an answer that has one is not scanned. */
function textEnd(text: string, at: number, tape: Tape): number {
  if (text.charCodeAt(at) !== QUOTE) return -1;
  let end = at + 1;
  const short = end + SHORT;
  while (end < short && text.charCodeAt(end) !== QUOTE) end += 1;
  if (end === short) end = text.indexOf('"', short);
  if (end === -1) return -1;
  return end < tape.escape ? end + 1 : escapedEnd(text, at, tape);
}

/** The same where there are backslashes. */
function escapedEnd(text: string, at: number, tape: Tape): number {
  let end = at + 1;
  while (end < text.length && text.charCodeAt(end) !== QUOTE) end += text.charCodeAt(end) === 92 ? 2 : 1;
  end += 1;
  if (end > text.length) return -1;
  const next = text.indexOf('\\', end);
  tape.escape = next === -1 ? Infinity : next;
  return isCanonical(text.slice(at, end)) ? end : -1;
}

function numberEnd(text: string, at: number, fits: (value: unknown) => boolean): number {
  const first = text.charCodeAt(at) === MINUS ? at + 1 : at;
  let end = first;
  while (isDigit(text.charCodeAt(end))) end += 1;
  const follows = text.charCodeAt(end);
  const digits = end - first;
  if (digits > 0 && digits <= SURE_DIGITS && text.charCodeAt(first) !== ZERO && !continuesNumber(follows)) return end;
  while (isDigit(text.charCodeAt(end)) || continuesNumber(text.charCodeAt(end))) end += 1;
  const written = text.slice(at, end);
  const value = Number(written);
  return String(value) === written && fits(value) ? end : -1;
}

const isDigit = (code: number): boolean => code >= ZERO && code <= NINE;

/** `.`, `e`, `E`, `+` or `-`. */
const continuesNumber = (code: number): boolean => code === 46 || code === 101 || code === 69 || code === 43 || code === MINUS;

/** The end of any JSON but `null`. */
function anyEnd(text: string, at: number, tape: Tape): number {
  if (text.charCodeAt(at) === QUOTE) return textEnd(text, at, tape);
  let depth = 0;
  let end = at;
  for (; end < text.length; end += 1) {
    const code = text.charCodeAt(end);
    if (code === QUOTE) {
      end = textEnd(text, end, tape) - 1;
      if (end < 0) return -1;
    } else if (code === 123 || code === 91) depth += 1;
    else if (code === 125 || code === 93) {
      if (depth === 0) break;
      depth -= 1;
      if (depth === 0) {
        end += 1;
        break;
      }
    } else if (code === 44 && depth === 0) break;
  }
  const json = text.slice(at, end);
  return json !== 'null' && isCanonical(json) ? end : -1;
}

function isCanonical(json: string): boolean {
  try {
    return JSON.stringify(JSON.parse(json)) === json;
  } catch {
    return false;
  }
}
