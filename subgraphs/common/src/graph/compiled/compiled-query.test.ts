import fc from 'fast-check';
import { buildSchema, defaultFieldResolver, execute, parse, type ExecutionResult, type GraphQLObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { AnswerBudget } from '../answer-budget.js';
import { countAnswers } from '../counted-schema.js';
import { CompiledQuery } from './compiled-query.js';

const schema = buildSchema(`
  interface Named { id: ID! self: Thing named: Named }
  type Thing implements Named {
    id: ID! self: Thing selfRequired: Thing! late: Thing lateRequired: Thing! gone: Thing goneRequired: Thing!
    text: String number: Int numberRequired: Int! thrown: Int thrownRequired: Int! lateThrown: Int lateThrownRequired: Int!
    returnedError: Int wrong: Int wrongRequired: Int! kind: Kind wrongKind: Kind method(times: Int = 2, words: [String!]): String
    list: [Thing] listRequired: [Thing!]! lateList: [Thing!] holes: [Thing!] lateHoles: [Thing!]! set: [Int!] noList: [Int] nested: [[Int!]]
    plain: Int plainWrong: Int plainLate: Int plainRequired: Int! plainThrown: Int plainThrownRequired: Int!
    named: Named nameds: [Named] either: Either lateNamed: Named other: Other noType: Named impossible: Named missing: Named
  }
  type Other implements Named { id: ID! self: Thing named: Named only: String! }
  type Picky { id: ID! }
  union Either = Thing | Other | Picky
  enum Kind { A B }
  type Query { thing: Thing thingRequired: Thing! named: Named either: Either }
`);

const fields = (name: string) => (schema.getType(name) as GraphQLObjectType).getFields();
const thing = { id: 't', __typename: 'Thing' };
const other = { id: 'o', __typename: 'Other', only: 'this' };
const fault = (message: string): never => {
  throw new Error(message);
};

const answers: Record<string, (args: { times?: number; words?: string[] }) => unknown> = {
  self: () => thing,
  selfRequired: () => thing,
  late: async () => thing,
  lateRequired: async () => thing,
  gone: () => null,
  goneRequired: async () => undefined,
  text: () => 'text',
  number: async () => 7,
  numberRequired: () => null,
  thrown: () => fault('thrown'),
  thrownRequired: () => fault('thrown required'),
  lateThrown: async () => fault('late thrown'),
  lateThrownRequired: async () => fault('late thrown required'),
  returnedError: () => new Error('returned'),
  wrong: () => 'no number',
  wrongRequired: async () => ({}),
  kind: () => 'A',
  wrongKind: () => 'C',
  list: () => [thing, null, Promise.resolve(thing), new Error('an item')],
  listRequired: () => [thing, thing],
  lateList: async () => [thing],
  // graphql-js leaves to nobody what items promise beside one that fails at once.
  holes: () => [null, thing],
  lateHoles: () => [Promise.resolve(thing), Promise.reject(new Error('a late item'))],
  set: () => new Set([1, 2]),
  noList: () => 'text',
  nested: () => [[1, 2], null, [3, null]],
  named: () => other,
  nameds: () => [thing, other, Promise.resolve(other)],
  either: () => other,
  lateNamed: async () => thing,
  other: () => other,
  noType: () => ({}),
  impossible: () => ({ __typename: 'Picky' }),
  missing: () => ({ __typename: 'Nobody' }),
};
for (const [name, field] of [...Object.entries(fields('Thing')), ...Object.entries(fields('Other'))]) {
  const answer = answers[name];
  if (answer) field.resolve = (_source, args) => answer(args);
}
Object.assign(thing, { plain: 3, plainWrong: 'no number', plainLate: Promise.resolve(4), plainRequired: null });
for (const name of ['plainThrown', 'plainThrownRequired']) Object.defineProperty(thing, name, { get: () => fault(name) });
Object.assign(thing, { method: ({ times = 0, words = [] }: { times?: number; words?: string[] }) => [...words, 'x'.repeat(times)].join(' ') });
fields('Query').thing!.resolve = () => thing;
fields('Query').thingRequired!.resolve = async () => thing;
fields('Query').named!.resolve = () => thing;
fields('Query').either!.resolve = async () => other;
(schema.getType('Picky') as GraphQLObjectType).isTypeOf = async () => false;

/** Whatever is told, in an order of its own. */
const told = ({ data, errors = [] }: ExecutionResult) => ({ data, errors: errors.map((error) => JSON.stringify(error)).toSorted() });

async function expectAlike(text: string, variables?: Record<string, unknown>): Promise<ExecutionResult> {
  const document = parse(text, { noLocation: true });
  const compiled = CompiledQuery.of(schema, document);
  expect(compiled, `${text} is compiled`).toBeDefined();
  const answer = await compiled!.execute({ variables, context: {} });
  const wanted = await execute({ schema, document, variableValues: variables });
  expect(JSON.parse(JSON.stringify(told(answer))), text).toEqual(JSON.parse(JSON.stringify(told(wanted))));
  return answer;
}

const leaves = Object.values(fields('Thing')).filter(({ type }) => /^\[*(?:Int|String|Kind|ID)/.test(String(type))).map(({ name }) => name);
const things = ['self', 'selfRequired', 'late', 'lateRequired', 'gone', 'goneRequired', 'list', 'listRequired', 'lateList', 'holes', 'lateHoles'];
const abstracts = ['named', 'nameds', 'either', 'lateNamed', 'noType', 'impossible', 'missing'];
const { selection } = fc.letrec<{ selection: string; field: string }>((tie) => ({
  field: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...leaves, '__typename'),
    fc.tuple(fc.constantFrom(...things), tie('selection')).map(([name, below]) => `${name} { ${below} }`),
    fc.tuple(fc.constantFrom(...abstracts), tie('selection')).map(([name, below]) => `${name} { __typename ... on Thing { ${below} } ... on Other { only id self { ${below} } } ...Ids }`),
    tie('selection').map((below) => `... on Named { id } ... on Thing { ${below} }`),
  ),
  selection: fc.array(tie('field'), { minLength: 1, maxLength: 4 }).map((all) => all.join(' ')),
}));

test('a query that is compiled is answered as graphql-js answers it, whatever its fields do', async () => {
  const queries = fc.tuple(fc.constantFrom('thing', 'thingRequired'), selection).map(([root, below]) => `query { ${root} { ${below} } ${root} { id } named { ...Ids } } fragment Ids on Named { id }`);
  await fc.assert(fc.asyncProperty(queries, async (text) => void (await expectAlike(text))), { numRuns: 600 });
});

test.each([
  ['aliases, merged fields and fragments in fragments', '{ a: thing { ...One } a: thing { b: text } thing { ...One } } fragment One on Thing { ...Two self { id } } fragment Two on Named { self { text kind } }', undefined],
  ['arguments: given, by variable, missing, and null', 'query ($n: Int, $w: [String!]) { thing { a: method(times: 3) b: method(times: $n, words: $w) c: method d: method(times: null) } }', { w: ['a'] }],
  ['union members of which one refuses', '{ either { ... on Other { id } } thing { either { __typename } } }', undefined],
  ['the schema beside data', '{ __schema { queryType { name } } __type(name: "Thing") { name fields { name } } thing { id } }', undefined],
])('%s are answered alike', async (_what, text, variables) => {
  expect((await expectAlike(text, variables)).errors).toBeUndefined();
});

test.each([
  ['a variable of another type', 'query ($n: Int!) { thing { method(times: $n) } }', { n: 'x' }],
  ['a variable that is missing', 'query ($n: Int!) { thing { method(times: $n) } }', {}],
  ['an error at the root of a required field', '{ thingRequired { goneRequired { id } } }', undefined],
])('%s is told alike', async (_what, text, variables) => {
  expect((await expectAlike(text, variables)).errors).not.toHaveLength(0);
});

test.each(['mutation { a }', '{ thing { id @include(if: true) } }', 'query A { thing { id } } query B { thing { id } }', '{ __proto__: thing { id } }'])('%s is left to graphql-js', (text) => {
  expect(CompiledQuery.of(schema, parse(text))).toBeUndefined();
});

test('what is answered is taken from the budget, and no field is asked when that is used up', async () => {
  const counted = buildSchema('type Query { texts: [Text!]! } type Text { text: String! }');
  let asked = 0;
  const { texts } = counted.getQueryType()!.getFields();
  texts!.resolve = () => Array.from({ length: 1_000 }, () => ({}));
  (counted.getType('Text') as GraphQLObjectType).getFields().text!.resolve = () => {
    asked += 1;
    return 'x'.repeat(100);
  };
  countAnswers(counted);
  const compiled = CompiledQuery.of(counted, parse('{ texts { text } }'))!;
  const roomy = new AnswerBudget(1_000_000);
  expect(await compiled.execute({ variables: undefined, context: { budget: roomy } })).toMatchObject({ data: { texts: { length: 1_000 } } });
  const spent = 2 * 1_000_000 - roomy.left;
  const byGraphql = new AnswerBudget(1_000_000);
  await execute({ schema: counted, document: parse('{ texts { text } }'), contextValue: { budget: byGraphql } });
  expect(spent).toBe(2 * 1_000_000 - byGraphql.left);
  asked = 0;
  const tight = new AnswerBudget(5_000);
  const never = compiled.execute({ variables: undefined, context: { budget: tight } });
  await expect(Promise.race([never, tight.exceeded])).rejects.toThrow(/response/);
  expect(asked).toBeLessThan(100);
});

test('what items promise beside one that fails at once is left to nobody', async () => {
  const listed = buildSchema('type Query { items: [Int!] }');
  listed.getQueryType()!.getFields().items!.resolve = () => [Promise.reject(new Error('one')), null, Promise.reject(new Error('another'))];
  const unhandled: unknown[] = [];
  const listen = (error: unknown): unknown => unhandled.push(error);
  process.on('unhandledRejection', listen);
  const answer = await CompiledQuery.of(listed, parse('{ items }'))!.execute({ variables: undefined, context: {} });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', listen);
  expect({ answer: answer.data, unhandled }).toEqual({ answer: { items: null }, unhandled: [] });
});

test('a field without a resolver is the property of its name', async () => {
  const plain = buildSchema('type Query { a: Int b(n: Int): Int }');
  const document = parse('{ a b(n: 2) }');
  const rootValue = { a: 1, b: ({ n }: { n: number }) => n };
  expect(CompiledQuery.of(plain, document)!.execute({ rootValue, variables: undefined, context: {} })).toEqual({ data: { a: 1, b: 2 } });
  expect(await execute({ schema: plain, document, rootValue, fieldResolver: defaultFieldResolver })).toEqual({ data: { a: 1, b: 2 } });
});
