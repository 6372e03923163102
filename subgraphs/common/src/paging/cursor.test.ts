import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeCursor, decodeIdCursor, encodeCursor } from './cursor.js';

const made = (json: string): string => Buffer.from(json).toString('base64url');

test('a cursor stands for the key it was made of', () => {
  const scalar = fc.oneof(fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0')), fc.integer(), fc.boolean(), fc.constant(null));
  fc.assert(fc.property(fc.array(scalar), (key) => {
    expect(decodeCursor(encodeCursor(key), key.length)).toEqual(key);
  }));
});

test('a cursor of ids takes what an id can be', () => {
  for (const id of [0, 1, 2_147_483_647]) expect(decodeIdCursor(encodeCursor([id]))).toBe(id);
  for (const key of ['[-1]', '[2147483648]', '[9007199254740991]', '[1e20]', '[1.5]', '[null]', '["1"]', '[true]']) {
    expect(() => decodeIdCursor(made(key)), key).toThrow(expect.objectContaining({ code: 'BAD_INPUT' }));
  }
});

test.each([
  '', 'x', '%', made('null'), made('{}'), made('"a"'), made('[]'), made('[1,2]'), made('[[1]]'), made('[{}]'), made('[1e400]'), made('["\\u0000"]'), made('["\\ud800"]'), made('[undefined]'),
])('%j is refused as no cursor of this list', (cursor) => {
  expect(() => decodeCursor(cursor, 1)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', extensions: { code: 'BAD_INPUT', field: 'after' } }));
});
