import fc from 'fast-check';
import { expect, test } from 'vitest';
import { HutongError } from '@hutong/common';
import { parseTemplate } from './template.parser.js';
import { TEMPLATE_KEYS } from './template.keys.js';

const known = Object.keys(TEMPLATE_KEYS);

test('an empty template asks for nothing', () => {
  expect(parseTemplate({})).toEqual({ requirements: {}, source: null, sessionIdentifier: null, base: 'input.template' });
});

test('null, an empty text and an empty list ask for nothing, under every key that takes them', () => {
  for (const key of known) expect(parseTemplate({ [key]: null }).requirements).toEqual({});
  expect(parseTemplate({ region: '', gpu_model: '', organization: [], order_by: [], network_delay: '' }).requirements).toEqual({});
});

test('a delay may be given in ms or s, as text or as a number', () => {
  const delays = ['5ms', '0.5ms', '1s', '2 ms', 7, 0, '1.005s', '5MS'].map((delay) => parseTemplate({ network_delay: delay }).requirements.maxNetworkDelayMs);
  expect(delays).toEqual([5, 0.5, 1_000, 2, 7, 0, 1_005, 5]);
});

test('codes may be numbers, names or lists of both', () => {
  expect(parseTemplate({ organization: 20004, resource_type: ['超算', 401] }).requirements).toEqual({ organization: ['20004'], resourceType: ['超算', '401'] });
});

test('keys that only look known, or that objects are born with, are ignored', () => {
  expect(parseTemplate(JSON.parse('{"__proto__":{"gpu_memory":"x"},"constructor":1,"GPU_MEMORY":"x","data":{"gpu_memory":"x"}}')).requirements).toEqual({});
});

test('whatever JSON comes under unknown keys, it is ignored', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string().filter((key) => !known.includes(key) && key !== 'data'), fc.jsonValue({ maxDepth: 4 })), (template) => {
      const clean = JSON.stringify(template).toWellFormed() === JSON.stringify(template) && !JSON.stringify(template).includes('\\u0000') && !/\\ud[89a-f]/i.test(JSON.stringify(template));
      fc.pre(clean);
      expect(parseTemplate(template).requirements).toEqual({});
    }),
  );
});

test('a template of the right types is mapped key by key, in either form', () => {
  const int = fc.integer({ min: 0, max: 2_147_483_647 });
  const template = fc.record(
    { gpu_memory: int, cpu_available: int, price: int, network_isixp: fc.boolean(), gpu_model: fc.stringMatching(/^[A-Z0-9 ]{1,20}$/), region: fc.array(fc.stringMatching(/^\d{4}$/), { minLength: 1, maxLength: 5 }) },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(template, fc.boolean(), (wanted, later) => {
      const { requirements } = parseTemplate(later ? { source: 's', data: wanted } : wanted);
      const expected = Object.fromEntries(Object.entries(wanted).map(([key, value]) => [TEMPLATE_KEYS[key]!.requirement, value]));
      expect(requirements).toEqual(expected);
    }),
  );
});

test('whatever comes under a known key is either read or refused with that key as the field, never anything else', () => {
  fc.assert(
    fc.property(fc.constantFrom(...known), fc.jsonValue({ maxDepth: 3 }), (key, value) => {
      try {
        parseTemplate({ [key]: value });
      } catch (error) {
        expect(error).toBeInstanceOf(HutongError);
        expect((error as HutongError).extensions.field).toMatch(new RegExp(`^input\\.template\\.${key}`));
      }
    }),
    { numRuns: 1_000 },
  );
});
