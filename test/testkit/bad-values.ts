import { isEnumType, isInputObjectType, isListType, isNonNullType, type GraphQLInputType } from 'graphql';

/** A value for a place of some type. */
export interface BadValue {
  title: string;
  value: unknown;
  /** No value of the type: it must be refused. Others are unusual, and may be refused or taken. */
  refused: boolean;
}

const refused = (...values: unknown[]): BadValue[] => values.map((value) => ({ title: titleOf(value), value, refused: true }));
const unusual = (...values: unknown[]): BadValue[] => values.map((value) => ({ title: titleOf(value), value, refused: false }));

export const LONG = 'x'.repeat(10_000);
export const UNSTORABLE_TEXTS = ['a\u0000b', '\u0000', '\ud800', 'x\udc00y'];
const ODD_TEXTS = ['', ' ', LONG, "'; drop table machines.user_account; --", '<script>alert(1)</script>', '🚀👩‍👩‍👧', '\u202Eשלום', '%', '\\', '\u0001\u007f', 'NaN', 'null', '__proto__', '-1', '1e400'];
const ODD_CURSORS = ['x', 'W10', 'bnVsbA', btoa('[1,2,3]'), btoa('["\\u0000"]'), btoa('{"a":1}'), btoa('["x"]'), btoa('[null]'), btoa('[1e400]'), btoa('[["a"]]'), btoa('["1\'; drop table x"]')];
const UNKNOWN_IDS = ['0', '-1', '1.5', '2147483647', '2147483648', '9007199254740993', 'NaN', 'x', '', LONG, '00000000-0000-4000-8000-000000000000', "' or 1=1", '１'];

const BY_SCALAR: Readonly<Record<string, BadValue[]>> = {
  String: [...refused(7, 1.5, true, {}, { a: 1 }, ...UNSTORABLE_TEXTS), ...unusual(...ODD_TEXTS)],
  ID: [...refused(1.5, true, {}, ...UNSTORABLE_TEXTS), ...unusual(...UNKNOWN_IDS, 2_147_483_647, -1)],
  Int: [...refused('x', '1', '', 'NaN', 1.5, true, {}, 2 ** 31, -(2 ** 31) - 1, 2 ** 53 + 2, 1e300), ...unusual(-1, 0, 2_147_483_647, -2_147_483_648)],
  Float: [...refused('x', '1', 'NaN', 'Infinity', true, {}), ...unusual(-1, 2 ** 53 + 2, 1e308, -1e308, 5e-324, 0.1)],
  Boolean: refused('true', 0, 1, {}, ''),
  DateTime: [...refused('yesterday', '', 7, true, {}, '2026-13-01T00:00:00Z', '2026-01-31', 'NaN', LONG, ...UNSTORABLE_TEXTS), ...unusual('0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999999999+14:00', '1970-01-01T00:00:00Z')],
  Upload: [...refused('a text', 7, true, {}), ...unusual(...['', '..', '../../etc/passwd', '/', 'x.zip', 'x.onnx', LONG, '\u202Eabc'].map((name) => new File(['PK'], name)))],
  JSON: [
    ...refused(...UNSTORABLE_TEXTS.map((text) => ({ deep: [{ text }] })), { '\u0000': 1 }, { a: { '\ud800': 1 } }),
    ...unusual(5, 'text', true, [], [1], { a: LONG.repeat(20) }, nested(200), Object.fromEntries(Array.from({ length: 5_000 }, (_, n) => [`k${n}`, n]))),
  ],
};

/** Values that a place of this type should not get, or does not get often. */
export function badValuesFor(type: GraphQLInputType, name: string): BadValue[] {
  if (isNonNullType(type)) return [...refused(null, undefined), ...badValuesFor(type.ofType, name)];
  if (isListType(type)) {
    const many = manyTexts(type.ofType);
    return [...refused({}, [[[]]], ...(isNonNullType(type.ofType) ? [[null]] : [])), ...unusual([], ...many)];
  }
  if (isInputObjectType(type)) return refused('x', 5, true, [1], { noSuchField: 1 });
  if (isEnumType(type)) return refused('NO_SUCH_VALUE', '', 7, true, {}, type.getValues()[0]!.name.toLowerCase());
  const values = BY_SCALAR[type.name];
  if (!values) throw new Error(`scalar ${type.name} has no bad values yet: add some to test/testkit/bad-values.ts`);
  return name === 'after' ? [...values, ...unusual(...ODD_CURSORS)] : values;
}

/** A list that is far too long, of elements that are texts. */
function manyTexts(type: GraphQLInputType): unknown[] {
  const bare = isNonNullType(type) ? type.ofType : type;
  return isInputObjectType(bare) || isListType(bare) ? [] : [Array.from({ length: 20_000 }, (_, n) => `${n}`)];
}

function nested(depth: number): unknown {
  let value: unknown = {};
  for (let level = 0; level < depth; level++) value = { deeper: value };
  return value;
}

function titleOf(value: unknown): string {
  const text = value === undefined ? 'nothing' : value instanceof File ? `the file ${JSON.stringify(value.name)}` : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}… (${text.length} characters)` : text;
}
