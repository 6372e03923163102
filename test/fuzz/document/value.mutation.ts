import fc from 'fast-check';
import { LONG, UNSTORABLE_TEXTS } from '../../testkit/bad-values.js';

type Path = readonly (string | number)[];

/** What stands for a value as it is put into JSON text: `NaN` and the like are none, so that they cannot be values. */
const LITERAL = 'a literal:';
const literal = (text: string): string => LITERAL + text;

/** Values that a field should not get, or does not get often. */
const ODD_VALUES: readonly unknown[] = [
  null, true, false, 0, -1, 1.5, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 + 2, 1e308, 5e-324, '', ' ', 'x', '0', '-1', '1.5', 'true', 'NaN', 'null', LONG, ...UNSTORABLE_TEXTS, "'; drop table x; --", '🚀', '\u202Eשלום', '../../etc/passwd', '__proto__', '%', '\\',
  [], [[]], [null], {}, { a: 1 }, { toString: 1, valueOf: 1 }, { length: 1e9 }, literal(`{"then":"x"}`), { toJSON: 'x' }, nested(50), nested(99), nested(101), literal(`${'[{"a":'.repeat(1_000)}1${'}]'.repeat(1_000)}`), Array.from({ length: 3_000 }, (_, n) => n),
  literal('NaN'), literal('Infinity'), literal('-Infinity'), literal('undefined'), literal('-0'), literal('1e999'), literal('-1e999'), literal('0x10'), literal('01'), literal('1.'), literal('.5'), literal("'x'"), literal('"\u0000"'), literal('9'.repeat(400)), literal('"\\u12"'), literal('"\\x"'), literal('tru'),
  literal('{"a":1,"a":2}'), literal('{"__proto__":{"isAdmin":true}}'), literal('[1,]'), literal('{"a":1,}'), literal('1/*x*/'), literal('"\n"'), literal('"\\ud800\\u0041"'), literal('{"\\u0000":1}'), literal('['.repeat(5_000)), literal(`${'['.repeat(5_000)}${']'.repeat(5_000)}`),
];

const ODD_NAMES = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'then', '', ' ', '\u0000', '\ud800', 'x'.repeat(5_000), '0', 'length', '$ref', 'id', 'query', '北京'];

interface Change {
  at: number;
  kind: 'replace' | 'remove' | 'add' | 'wrap' | 'rename' | 'double';
  value: unknown;
  name: string;
}

const change: fc.Arbitrary<Change> = fc.record({
  at: fc.nat(),
  kind: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'wrap', 'rename', 'double'),
  value: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ODD_VALUES) }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' }) }),
  name: fc.constantFrom(...ODD_NAMES),
});

/** The JSON text of a value in which one thing or several are wrong. */
export const mutatedJson = (value: fc.Arbitrary<unknown>): fc.Arbitrary<string> =>
  fc.tuple(value, fc.array(change, { minLength: 1, maxLength: 3 })).map(([sound, changes]) => jsonText(changes.reduce(changed, structuredClone(sound))));

/** One value, where only texts can stand, as in a query or a form. */
export const oddText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom('', ' ', '0', '-1', '1.5', '1e3', '0x10', '01', '+1', '2147483648', '9007199254740993', '99999999999999999999', 'NaN', 'null', 'true', LONG, '\u0000', 'a\u0000b', "' or 1=1; --", '[]', '{}', '..', '../../etc/passwd', '🚀', '１', '\u202E', '%00', '%'),
  fc.string({ unit: 'grapheme', maxLength: 30 }),
);

function changed(value: unknown, { at, kind, value: drawn, name }: Change): unknown {
  // The next change may be one within it.
  const odd = structuredClone(drawn);
  const paths = pathsIn(value, [], []);
  const path = paths[at % paths.length]!;
  if (path.length === 0) return kind === 'wrap' ? [value] : kind === 'replace' && at % 5 === 0 ? odd : withOwn(value, name, odd);
  const parent = path.slice(0, -1).reduce<unknown>((place, step) => (place as Record<string | number, unknown>)[step], value) as Record<string | number, unknown>;
  const step = path.at(-1)!;
  if (kind === 'replace') parent[step] = odd;
  else if (kind === 'wrap') parent[step] = at % 2 === 0 ? [parent[step]] : { value: parent[step] };
  else if (kind === 'remove' && Array.isArray(parent)) parent.splice(Number(step), 1);
  else if (kind === 'remove') delete parent[step];
  else if (kind === 'double' && Array.isArray(parent)) parent.push(parent[step]);
  else if (kind === 'double') parent[step] = [parent[step], parent[step]];
  else if (kind === 'rename' && !Array.isArray(parent)) {
    withOwn(parent, name, parent[step]);
    delete parent[step];
  } else withOwn(parent, name, odd);
  return value;
}

/** Also under names that assigning to would mean something else. */
function withOwn(object: unknown, name: string, value: unknown): unknown {
  if (typeof object !== 'object' || object === null) return value;
  if (Array.isArray(object)) return object.concat([value]);
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
  return object;
}

function pathsIn(value: unknown, path: Path, found: Path[]): Path[] {
  found.push(path);
  if (typeof value === 'object' && value !== null && path.length < 4) for (const key of Object.keys(value).slice(0, 50)) pathsIn((value as Record<string, unknown>)[key], [...path, Array.isArray(value) ? Number(key) : key], found);
  return found;
}

function jsonText(value: unknown): string {
  if (typeof value === 'string') return value.startsWith(LITERAL) ? value.slice(LITERAL.length) : JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(jsonText).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  return `{${Object.keys(value).map((key) => `${JSON.stringify(key)}:${jsonText((value as Record<string, unknown>)[key])}`).join(',')}}`;
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? { a: value } : [value];
  return value;
}
