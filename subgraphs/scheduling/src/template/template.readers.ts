import { isLongerThan } from '@hutong/common';
import { MATCH_ORDERS, type MatchOrder } from './requirements.js';

/** A value that is not what its key takes. */
export class Mismatch {
  constructor(
    readonly expected: string,
    readonly got: unknown,
    /** Where within the value, for example `[2]`. */
    readonly at = '',
  ) {}
}

/** Reads one value of a template. A Mismatch says what is wrong; undefined means that the value asks for nothing. */
export type Reader<Value> = (value: unknown) => Value | Mismatch | undefined;

const LARGEST_INT = 2_147_483_647;
const LONGEST_TEXT = 255;
const LONGEST_LIST = 100;

/** An integer from 0 to 2^31-1. */
export const count: Reader<number> = (value) => {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) return new Mismatch('an integer ≥ 0', value);
  // A -0 is an integer ≥ 0 too, and travels as 0.
  return value > LARGEST_INT ? new Mismatch(`an integer from 0 to ${LARGEST_INT}`, value) : value + 0;
};

/** True or false. */
export const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : new Mismatch('true or false', value));

/** A text of at most 255 characters. */
export const text: Reader<string> = (value) => {
  if (typeof value !== 'string' || isLongerThan(value, LONGEST_TEXT)) return new Mismatch(`a text of at most ${LONGEST_TEXT} characters`, value);
  return value === '' ? undefined : value;
};

const DELAY = /^(\d{1,10}(?:\.\d{1,20})?) ?(ms|s)$/i;

/** A delay: `"5ms"`, `"0.5ms"`, `"1s"` or a number of ms. */
export const delay: Reader<number> = (value) => {
  if (value === '') return undefined;
  if (typeof value === 'number' && Number.isFinite(value) && value >= 0) return value + 0;
  const [, amount, unit] = (typeof value === 'string' && DELAY.exec(value)) || [];
  if (amount === undefined || unit === undefined) return new Mismatch('a delay such as "5ms", "1s" or a number of ms ≥ 0', value);
  // Read as a decimal and not multiplied, so that 1.005s is 1005 ms and not 1004.9999999999999.
  return Number(unit.toLowerCase() === 's' ? `${amount}e3` : amount);
};

/** One code or name, or a list of them; a code may be written as a number. */
export const codes: Reader<string[]> = (value) => {
  const isList = Array.isArray(value);
  const items: unknown[] = isList ? value : [value];
  if (items.length > LONGEST_LIST) return new Mismatch(`at most ${LONGEST_LIST} codes or names`, items.length);
  const found: string[] = [];
  for (const [index, item] of items.entries()) {
    const code = oneCode(item);
    if (code === undefined) return new Mismatch('a code or a name, or a list of them', item, isList ? `[${index}]` : '');
    if (code !== '') found.push(code);
  }
  return found.length === 0 ? undefined : found;
};

function oneCode(item: unknown): string | undefined {
  if (typeof item === 'string') return isLongerThan(item, LONGEST_TEXT) ? undefined : item;
  return typeof item === 'number' && Number.isSafeInteger(item) && item >= 0 ? String(item) : undefined;
}

/** One order or a list of them, most important first, in any case: `"price"`, `["FREE_GPU", "price"]`. */
export const orders: Reader<MatchOrder[]> = (value) => {
  const isList = Array.isArray(value);
  const found: MatchOrder[] = [];
  for (const [index, item] of (isList ? value : [value]).entries()) {
    if (item === '' && !isList) return undefined;
    const order = MATCH_ORDERS.find((known) => typeof item === 'string' && known === item.toUpperCase());
    if (!order) return new Mismatch(`one of ${MATCH_ORDERS.join(', ').toLowerCase()}`, item, isList ? `[${index}]` : '');
    if (!found.includes(order)) found.push(order);
  }
  return found.length === 0 ? undefined : found;
};
