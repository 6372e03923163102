import fc from 'fast-check';

/** Texts of any script that can be kept: emoji, markup, right-to-left, what databases and URLs have a meaning for. Their length is counted in characters, of which an emoji is one. */
export const anyText = (least: number, most: number): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 3, arbitrary: fc.string({ unit: 'binary', minLength: least, maxLength: Math.min(most, 24) }).map(storable) },
    { weight: 2, arbitrary: fc.constantFrom(...ODD.filter((text) => [...text].length >= least && [...text].length <= most), 'x'.repeat(least)) },
    { weight: 1, arbitrary: fc.constantFrom('x', '超', '🚀', '\u0301').map((character) => character.repeat(most)) },
  );

/** U+0000 is refused by everything; all else comes back as it was sent. */
const storable = (text: string): string => text.replaceAll('\0', '0');

const ODD = ['', ' ', 'a text', '超算', '中科曙光', "Robert'); drop table x;--", '<b>&amp;</b>', '\u202Eשלום', '%', '%25', '_', '\\', 'null', 'NaN', '0', '-1', '__proto__', 'constructor', 'a+b=c&d', '\u0001\u007f\r\n\t', '👩‍👩‍👧', '\uFEFF', 'ß', 'İ'];

/** What no text may be: U+0000, and halves of surrogate pairs. */
export const unstorableText: fc.Arbitrary<string> = fc.constantFrom('a\0b', '\0', '\ud800', 'x\udc00y');

/** An int of the contracts, their bounds among them. */
export const anyInt: fc.Arbitrary<number> = fc.oneof(fc.constantFrom(0, 1, 2, 2_147_483_646, 2_147_483_647), fc.nat(100), fc.nat());

/** What no int of the contracts is. */
export const noInt: fc.Arbitrary<unknown> = fc.constantFrom<unknown>(-1, 1.5, 2_147_483_648, 2 ** 53 + 2, 'x', '', true, [], {}, null);

/** Either, now and then. */
export const sometimes = <Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> => fc.option(arbitrary, { nil: undefined });

/** JSON of any form that can be kept. */
export const anyJson: fc.Arbitrary<unknown> = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }).map((value) => JSON.parse(JSON.stringify(value).replaceAll(String.raw`\u0000`, '0')) as unknown);
