import fc from 'fast-check';
import { HutongError } from '@hutong/common';
import { describe, expect, test } from 'vitest';
import { cityNames } from './city.dictionary.js';
import { CAPACITIES, HEADER, HEADER_LENGTH, type HeaderPart } from './identifier.grammar.js';
import { formatIdentifier, parseIdentifier } from './identifier.parser.js';

const SAMPLE = '1101tc200044013301502601009F1S1024N100P150';

const textOf = (alphabet: string, length: number) => fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length });
const partOf = ({ kind, length }: HeaderPart) =>
  kind === 'city' ? fc.constantFrom(...cityNames().keys()) : textOf(kind === 'letters' ? 'abcdefghijklmnopqrstuvwxyz' : '0123456789', length);
const header = fc.tuple(...HEADER.map(partOf)).map((parts) => parts.join(''));
const whole = fc.nat({ max: 2_147_483_646 }).map(String);
const capacityOf = ({ letter, fractionDigits }: (typeof CAPACITIES)[number]) =>
  fractionDigits === 0
    ? whole.map((digits) => letter + digits)
    : fc.tuple(whole, fc.option(fc.integer({ min: 1, max: fractionDigits }).chain((length) => textOf('0123456789', length)))).map(([digits, fraction]) => letter + digits + (fraction === null ? '' : `.${fraction}`));
const identifier = fc
  .tuple(header, fc.shuffledSubarray([...CAPACITIES]).chain((some) => fc.tuple(...some.map(capacityOf))))
  .map(([head, tail]) => head + tail.join(''));

function faultOf(value: string): HutongError {
  try {
    parseIdentifier(value);
  } catch (error) {
    expect(error).toBeInstanceOf(HutongError);
    expect((error as HutongError).code).toBe('IDENTIFIER_INVALID');
    return error as HutongError;
  }
  throw new Error(`${value.slice(0, 80)} was accepted`);
}
const characterOf = (error: HutongError): number => Number(/^character (\d+): /.exec(error.message)?.[1]);

describe('the computing identifier', () => {
  test('of the document means what the contract says', { tags: ['interconnect/id/sample', 'interconnect/1/stored'] }, () => {
    expect(HEADER_LENGTH).toBe(27);
    expect(parseIdentifier(SAMPLE)).toEqual({
      city: '1101',
      industry: 'tc',
      organization: '20004',
      resourceType: '401',
      region: '3301',
      availabilityZone: '502601',
      serviceType: '009',
      computeTotal: 1,
      storageTotal: 1024,
      networkTotal: 100,
      power: 150,
      written: [
        { letter: 'F', digits: '1' },
        { letter: 'S', digits: '1024' },
        { letter: 'N', digits: '100' },
        { letter: 'P', digits: '150' },
      ],
    });
  });

  test('written back is the identifier that was read', () => {
    fc.assert(fc.property(identifier, (value) => formatIdentifier(parseIdentifier(value)) === value), { numRuns: 2_000 });
  });

  test('has its capacities in any order, each optional', { tags: ['interconnect/id/any-order', 'interconnect/id/optional'] }, () => {
    const bare = parseIdentifier(SAMPLE.slice(0, 27));
    expect([bare.computeTotal, bare.storageTotal, bare.networkTotal, bare.power]).toEqual([null, null, null, null]);
    expect(parseIdentifier(`${SAMPLE.slice(0, 27)}P7F0.125`)).toMatchObject({ power: 7, computeTotal: 0.125, storageTotal: null });
  });

  test('with one corrupted character is refused at that character, or at the beginning of the city or province it spoils', () => {
    const corruption = fc.tuple(identifier, fc.nat(), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }));
    fc.assert(
      fc.property(corruption, ([value, at, by]) => {
        const index = at % value.length;
        if (/^[0-9a-zA-Z.]$/.test(by)) return;
        const error = faultOf(value.slice(0, index) + by + value.slice(index + 1));
        expect(characterOf(error)).toBe(index + 1);
      }),
      { numRuns: 2_000 },
    );
  });

  test.each([
    [`${SAMPLE.slice(0, 29)}X7`, 'character 30: expected one of F S N P, got "X"'],
    [`${SAMPLE}F2`, 'character 43: expected one of F S N P, each at most once, got a second F'],
    [SAMPLE.slice(0, 27) + 'S1.5', 'character 30: expected one of F S N P, got "."'],
    [SAMPLE.slice(0, 27) + 'F1.2345', 'character 34: expected at most 3 digits behind the decimal point of F'],
    [SAMPLE.slice(0, 27) + 'F1.', 'character 31: expected a digit behind the decimal point, got the end'],
    [SAMPLE.slice(0, 27) + 'F', 'character 29: expected a digit behind F, got the end'],
    [SAMPLE.slice(0, 27) + 'P2147483648', 'character 29: expected a number up to 2147483647 behind P'],
    ['9901' + SAMPLE.slice(4), 'character 1: expected a city of GB/T 2260 as city, got "9901"'],
    ['1199' + SAMPLE.slice(4), 'character 3: expected a city of GB/T 2260 as city, got "1199"'],
    [SAMPLE.slice(0, 14) + '3399' + SAMPLE.slice(18), 'character 17: expected a city of GB/T 2260 as region, got "3399"'],
    [SAMPLE.slice(0, 26), 'character 27: ends within serviceType, a header has 27 characters'],
    ['', 'character 1: ends within city, a header has 27 characters'],
    ['1101TC' + SAMPLE.slice(6), 'character 5: expected a letter from a to z of industry, got "T"'],
    ['11\u000001' + SAMPLE.slice(5), 'character 3: expected a digit of city, got "\\u0000"'],
    ['11\ud80001', 'character 3: expected a digit of city, got "\\ud800"'],
  ])('%j is refused with the place and the reason', { tags: ['interconnect/id/left-over', 'interconnect/id/P'] }, (value, message) => {
    expect(faultOf(value).message).toBe(message);
  });

  test('of 10,000 characters is refused quickly, whatever they are', () => {
    expect(characterOf(faultOf(SAMPLE.slice(0, 27) + 'F' + '0'.repeat(9_972)))).toBe(256);
    expect(characterOf(faultOf('1'.repeat(10_000)))).toBe(3);
    fc.assert(fc.property(fc.string({ unit: 'binary', minLength: 10_000, maxLength: 10_000 }), (value) => characterOf(faultOf(value)) > 0), { numRuns: 20 });
  });

  test('is never refused with anything but IDENTIFIER_INVALID', () => {
    const mixture = fc.oneof(fc.string({ unit: 'binary' }), fc.tuple(header, fc.string({ unit: fc.constantFrom(...'FSNP0123456789.') })).map((parts) => parts.join('')));
    fc.assert(
      fc.property(mixture, (value) => {
        try {
          parseIdentifier(value);
        } catch (error) {
          expect((error as HutongError).code).toBe('IDENTIFIER_INVALID');
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
