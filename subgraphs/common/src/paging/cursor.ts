import { badInput } from '../errors/common.errors.js';
import { findUnstorableText } from '../graph/storable-text.js';

/** The sort key of the last row a caller has seen, in the order of the list. */
export type CursorKey = readonly (string | number | boolean | null)[];

/** An opaque cursor for a row with this sort key. */
export const encodeCursor = (key: CursorKey): string => Buffer.from(JSON.stringify(key)).toString('base64url');

/** The sort key a cursor stands for; BAD_INPUT when it is not one of this list's. */
export function decodeCursor(cursor: string, length: number): CursorKey {
  const key = parse(cursor);
  if (!Array.isArray(key) || key.length !== length || !key.every(isScalar)) throw notOurs();
  return key as CursorKey;
}

/** The id that a cursor of a list in the order of integer ids stands for, 0 to 2^31-1; BAD_INPUT when it is none. */
export function decodeIdCursor(cursor: string): number {
  const [id] = decodeCursor(cursor, 1);
  if (!isPlace(id)) throw notOurs();
  return id;
}

/** Whether a part of a cursor's key is an integer from 0 to 2^31-1, which the database's `integer` takes. */
export const isPlace = (value: unknown): value is number => Number.isInteger(value) && (value as number) >= 0 && (value as number) <= LARGEST_INTEGER;

const LARGEST_INTEGER = 2_147_483_647;

const notOurs = () => badInput({ field: 'after', problem: 'expected a cursor that this list gave out' });

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

/** Cursors are made up by callers, too: what is in one must be fit for the database. */
function isScalar(value: unknown): boolean {
  if (typeof value === 'string') return findUnstorableText(value, 'after') === undefined;
  return value === null || typeof value === 'boolean' || Number.isFinite(value);
}
