import { expect, test } from 'vitest';
import { timeAllowed } from './asked-wait.js';

const LAUNCH = 'mutation Launch($input: Input!) { launch(input: $input) { id } }';

test('an operation that asks for no wait has the usual time', () => {
  expect(timeAllowed(30_000, LAUNCH, { input: { name: 'waitSeconds', list: [{ waitSeconds: 9 }] } })).toBe(30_000);
  expect(timeAllowed(30_000, '{ texts(of: "waitSeconds: 120") }', {})).toBe(30_000);
});

test.each<[string, string, Record<string, unknown>]>([
  ['in an input object', LAUNCH, { input: { waitSeconds: 120 } }],
  ['in a variable', 'mutation ($waitSeconds: Int) { destroy(waitSeconds: $waitSeconds) }', { waitSeconds: 120 }],
  ['in a variable of another name', 'mutation ($w: Int) { destroy(waitSeconds: $w) }', { w: 120 }],
  ['in the default of a variable', 'mutation ($w: Int = 120) { destroy(waitSeconds: $w) }', {}],
  ['in an argument', 'mutation { destroy(waitSeconds: 120) }', {}],
  ['in a field of an argument, in whatever form', 'mutation { launch(input: { waitSeconds # so long\n : 120 }) }', {}],
  ['several times', 'mutation { a: destroy(waitSeconds: 5) b: destroy(waitSeconds: 120) }', { input: { waitSeconds: 7 } }],
])('a wait %s gives its time and 10 s more', (_, document, variables) => {
  expect(timeAllowed(30_000, document, variables)).toBe(130_000);
});

test('a short wait shortens nothing, a long one ends at 600 s, and what is no wait is none', () => {
  expect(timeAllowed(30_000, '', { waitSeconds: 5 })).toBe(30_000);
  expect(timeAllowed(30_000, '', { waitSeconds: 1e9 })).toBe(610_000);
  for (const waitSeconds of [-5, Number.NaN, '120', null, {}, [120]]) expect(timeAllowed(30_000, '', { waitSeconds })).toBe(30_000);
  expect(timeAllowed(30_000, 'mutation { destroy(waitSeconds: 120', {})).toBe(30_000);
  for (const variables of [undefined, null, [], 'x']) expect(timeAllowed(30_000, LAUNCH, variables)).toBe(30_000);
});
