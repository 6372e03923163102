import { isAscii, isUtf8 } from 'node:buffer';
import type { GraphQLSchema } from 'graphql';
import { isWhole, type ListModel, type ObjectModel, type ValueModel } from './answer.model.js';
import { leafScan, orNull, type Scan } from './leaf.scan.js';
import { ScannedAnswer } from './scanned.answer.js';
import { Tape } from './tape.js';

const ROOT = '{"data":';
const ENTITIES = '{"data":{"_entities":';
const COMMA = 44;
const BRACKET = 91;
const END_BRACKET = 93;
const LINE_FEED = 10;

/** Of all scans: none is interrupted. */
const tape = new Tape();

/** Reads an answer without making objects of it. It takes what `JSON.stringify` writes of exactly what was asked for, and nothing else. */
export class AnswerScanner {
  /** Where the value begins that is first on the tape. */
  readonly start: number;
  /** Undefined for any other answer: what it means is to be found out by parsing it. */
  readonly read = (body: Buffer): ScannedAnswer | undefined => this.#scan(body);
  readonly #opening: string;
  readonly #closing: string;
  readonly #value: Scan;

  private constructor(opening: string, model: ValueModel, closing: string, schema: GraphQLSchema) {
    this.start = opening.length;
    this.#opening = opening;
    this.#closing = closing;
    this.#value = valueScan(model, schema);
  }

  /** For the data of root fields. @param schema what clients see */
  static ofRoot(model: ObjectModel, schema: GraphQLSchema): AnswerScanner {
    return new AnswerScanner(ROOT, model, '}', schema);
  }

  /** For the list of entities, none of which may be missing. @param schema what clients see */
  static ofEntities(model: ObjectModel, schema: GraphQLSchema): AnswerScanner {
    return new AnswerScanner(ENTITIES, { kind: 'list', item: model, nullable: false }, '}}', schema);
  }

  #scan(body: Buffer): ScannedAnswer | undefined {
    const length = body.at(-1) === LINE_FEED ? body.length - 1 : body.length;
    const bytes = length === body.length ? body : body.subarray(0, length);
    if (!isUtf8(bytes) || hasControls(bytes)) return undefined;
    const text = body.toString('latin1', 0, length);
    if (!text.startsWith(this.#opening)) return undefined;
    tape.begin(text);
    const end = this.#value(text, this.start, tape);
    if (end === -1 || end + this.#closing.length !== length || !text.endsWith(this.#closing)) return undefined;
    return new ScannedAnswer(this, bytes, text, tape.written(), isAscii(bytes));
  }
}

function valueScan(model: ValueModel, schema: GraphQLSchema): Scan {
  if (model.kind === 'leaf') return leafScan(model, schema);
  const scan = model.kind === 'object' ? objectScan(model, schema) : isWhole(model) ? wholeListScan(model, schema) : listScan(model, schema);
  const nullable = model.nullable ? orNull(scan) : scan;
  return isWhole(model) ? nullable : inCells(nullable);
}

/** Writes down where a value ends, and where its cells do. */
const inCells =
  (scan: Scan): Scan =>
  (text, at, to) => {
    const cell = to.used;
    to.reserve(2);
    to.used += 2;
    const end = scan(text, at, to);
    to.cells[cell] = end;
    to.cells[cell + 1] = to.used;
    return end;
  };

function objectScan({ parts, suffix }: ObjectModel, schema: GraphQLSchema): Scan {
  const prefixes = parts.map(({ prefix }) => prefix);
  const scans = parts.map(({ value }) => valueScan(value, schema));
  const leaves = parts.map(({ value }) => isWhole(value));
  const count = parts.length;
  return (text, at, to) => {
    let end = at;
    to.reserve(count);
    for (let index = 0; index < count; index += 1) {
      const prefix = prefixes[index]!;
      if (!text.startsWith(prefix, end)) return -1;
      end = scans[index]!(text, end + prefix.length, to);
      if (end === -1) return -1;
      if (leaves[index]) {
        to.reserve(1);
        to.cells[to.used] = end;
        to.used += 1;
      }
    }
    return text.startsWith(suffix, end) ? end + suffix.length : -1;
  };
}

function listScan({ item }: ListModel, schema: GraphQLSchema): Scan {
  const scan = valueScan(item, schema);
  return (text, at, to) => {
    const cell = to.used;
    to.reserve(1);
    to.used += 1;
    return items(text, at, to, scan, cell);
  };
}

const NO_CELL = -1;

function wholeListScan({ item }: ListModel, schema: GraphQLSchema): Scan {
  const scan = valueScan(item, schema);
  return (text, at, to) => items(text, at, to, scan, NO_CELL);
}

/** @param cell for how many there are */
function items(text: string, at: number, to: Tape, scan: Scan, cell: number): number {
  if (text.charCodeAt(at) !== BRACKET) return -1;
  let end = at + 1;
  let count = 0;
  if (text.charCodeAt(end) === END_BRACKET) end += 1;
  else {
    for (;;) {
      end = scan(text, end, to);
      if (end === -1) return -1;
      count += 1;
      const next = text.charCodeAt(end);
      end += 1;
      if (next === END_BRACKET) break;
      if (next !== COMMA) return -1;
    }
  }
  if (cell !== NO_CELL) to.cells[cell] = count;
  return end;
}

const SPACES = 0x20202020;
const HIGH_BITS = 0x80808080;
const words = new Int32Array(1 << 14);
const view = new Uint8Array(words.buffer);

/** Whether a text has control characters, which JSON has only where nothing needs them: four bytes are looked at at once. */
function hasControls(bytes: Uint8Array): boolean {
  for (let from = 0; from < bytes.length; from += view.length) {
    const part = bytes.length <= view.length ? bytes : bytes.subarray(from, from + view.length);
    const count = (part.length + 3) >> 2;
    view.set(part);
    view.fill(32, part.length, 4 * count);
    let found = 0;
    for (let index = 0; index < count; index += 1) found |= (words[index]! - SPACES) & ~words[index]!;
    if ((found & HIGH_BITS) !== 0) return true;
  }
  return false;
}
