import { identifierInvalid } from '../errors.js';
import { isCity, isProvince } from './city.dictionary.js';
import {
  CAPACITIES,
  HEADER,
  HEADER_LENGTH,
  LARGEST_CAPACITY,
  LONGEST_IDENTIFIER,
  type Capacity,
  type CapacityName,
  type HeaderName,
  type HeaderPart,
  type PartKind,
} from './identifier.grammar.js';

/** A capacity as it was written, so that an identifier can be written back letter by letter. */
export interface WrittenCapacity {
  letter: string;
  digits: string;
}

/** A computing identifier taken apart: header codes as text, capacities as numbers, absent ones null. */
export type ParsedParts = Record<HeaderName, string> & Record<CapacityName, number | null> & { written: readonly WrittenCapacity[] };

/** Why a text is no computing identifier; `character` counts from 1. */
export interface IdentifierFault {
  character: number;
  problem: string;
}

const EXPECTED: Record<PartKind, string> = { city: 'a digit', digits: 'a digit', letters: 'a letter from a to z' };
const FITS: Record<PartKind, RegExp> = { city: /[0-9]/, digits: /[0-9]/, letters: /[a-z]/ };
const EXPECTED_LETTERS = `expected one of ${CAPACITIES.map(({ letter }) => letter).join(' ')}`;

/**
 * Takes a computing identifier apart.
 *
 * @throws IDENTIFIER_INVALID, which points at the first character that is wrong: `character 30: expected one of F S N P`
 */
export function parseIdentifier(value: string, field?: string): ParsedParts {
  const result = tryParseIdentifier(value);
  if ('problem' in result) throw identifierInvalid({ problem: describeFault(result), ...(field === undefined ? {} : { field }) });
  return result;
}

/** The same without throwing, for batches. */
export function tryParseIdentifier(value: string): ParsedParts | IdentifierFault {
  const header = readHeader(value);
  if ('problem' in header) return header;
  const capacities = readCapacities(value);
  if ('problem' in capacities) return capacities;
  return { ...header, ...capacities };
}

export const describeFault = ({ character, problem }: IdentifierFault): string => `character ${character}: ${problem}`;

/** Writes an identifier: the inverse of parsing. */
export function formatIdentifier(parts: Pick<ParsedParts, HeaderName | 'written'>): string {
  return HEADER.map(({ name }) => parts[name]).join('') + parts.written.map(({ letter, digits }) => letter + digits).join('');
}

function readHeader(value: string): Record<HeaderName, string> | IdentifierFault {
  const codes: Record<string, string> = {};
  let start = 0;
  for (const part of HEADER) {
    const fault = partFault(value, start, part);
    if (fault) return fault;
    codes[part.name] = value.slice(start, start + part.length);
    start += part.length;
  }
  return codes;
}

function partFault(value: string, start: number, { name, length, kind }: HeaderPart): IdentifierFault | undefined {
  for (let at = start; at < start + length; at++) {
    if (at >= value.length) return { character: at + 1, problem: `ends within ${name}, a header has ${HEADER_LENGTH} characters` };
    if (!FITS[kind].test(value.charAt(at))) return { character: at + 1, problem: `expected ${EXPECTED[kind]} of ${name}, got ${shown(value, at)}` };
  }
  const code = value.slice(start, start + length);
  if (kind !== 'city' || isCity(code)) return undefined;
  const character = start + (isProvince(code.slice(0, 2)) ? 3 : 1);
  return { character, problem: `expected a city of GB/T 2260 as ${name}, got "${code}"` };
}

type Capacities = Record<CapacityName, number | null> & { written: readonly WrittenCapacity[] };

function readCapacities(value: string): Capacities | IdentifierFault {
  const capacities: Record<string, number | null> = Object.fromEntries(CAPACITIES.map(({ name }) => [name, null]));
  const written: WrittenCapacity[] = [];
  for (let at = HEADER_LENGTH; at < value.length; ) {
    if (at >= LONGEST_IDENTIFIER) return { character: at + 1, problem: `expected at most ${LONGEST_IDENTIFIER} characters` };
    const capacity = CAPACITIES.find(({ letter }) => letter === value[at]);
    if (!capacity) return { character: at + 1, problem: `${EXPECTED_LETTERS}, got ${shown(value, at)}` };
    if (capacities[capacity.name] !== null) return { character: at + 1, problem: `${EXPECTED_LETTERS}, each at most once, got a second ${capacity.letter}` };
    const digits = readNumber(value, at + 1, capacity);
    if (typeof digits !== 'string') return digits;
    capacities[capacity.name] = Number(digits);
    written.push({ letter: capacity.letter, digits });
    at += 1 + digits.length;
  }
  return { ...(capacities as Record<CapacityName, number | null>), written };
}

const NUMBER = /([0-9]+)(\.[0-9]*)?/y;

function readNumber(value: string, start: number, { letter, fractionDigits }: Capacity): string | IdentifierFault {
  NUMBER.lastIndex = start;
  const [, whole, fraction] = NUMBER.exec(value) ?? [];
  if (whole === undefined) return { character: start + 1, problem: `expected a digit behind ${letter}, got ${shown(value, start)}` };
  const digits = fractionDigits > 0 && fraction !== undefined ? whole + fraction : whole;
  const end = start + digits.length;
  if (end > LONGEST_IDENTIFIER) return { character: LONGEST_IDENTIFIER + 1, problem: `expected at most ${LONGEST_IDENTIFIER} characters` };
  if (digits.endsWith('.')) return { character: end + 1, problem: `expected a digit behind the decimal point, got ${shown(value, end)}` };
  const pastFraction = start + whole.length + 1 + fractionDigits;
  if (digits !== whole && end > pastFraction) {
    return { character: pastFraction + 1, problem: `expected at most ${fractionDigits} digits behind the decimal point of ${letter}` };
  }
  if (Number(digits) > LARGEST_CAPACITY) return { character: start + 1, problem: `expected a number up to ${LARGEST_CAPACITY} behind ${letter}` };
  return digits;
}

/** The character at a place, quoted so that control characters and lone surrogates are harmless. */
function shown(value: string, at: number): string {
  const code = value.codePointAt(at);
  return code === undefined ? 'the end' : JSON.stringify(String.fromCodePoint(code));
}
