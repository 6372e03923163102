import { buildSchema, getVariableValues, Kind, parse, type OperationDefinitionNode } from 'graphql';
import { expect, test } from 'vitest';
import { variableFaults } from './variable.check.js';

const schema = buildSchema(`
  enum Colour { RED GREEN }
  input Size { width: Int = 3 height: Int! tags: [String!] inner: Size }
  input Choice @oneOf { name: String size: Size }
  type Query { ask(size: Size, sizes: [Size!], colour: Colour, choice: Choice, id: ID, flag: Boolean): Int }
`);

const operationOf = (definitions: string): OperationDefinitionNode => parse(`query (${definitions}) { __typename }`).definitions.find(({ kind }) => kind === Kind.OPERATION_DEFINITION) as OperationDefinitionNode;
const faultsOf = (definitions: string, variables: Record<string, unknown>) => variableFaults(schema, operationOf(definitions), variables).map(({ message }) => message);

test.each<[definitions: string, variables: Record<string, unknown>, faults: string[]]>([
  ['$size: Size', { size: { height: 1, width: null, tags: 'one', inner: { height: 2 } } }, []],
  ['$size: Size', {}, []],
  ['$size: Size!', {}, ['size: expected a value of type Size!, got none']],
  ['$size: Size!', { size: null }, ['size: expected a value of type Size!, got none']],
  ['$id: ID! = "1"', {}, []],
  ['$id: ID! = "1"', { id: null }, ['id: expected a value of type ID!, got none']],
  ['$__proto__: ID!', JSON.parse('{"__proto__":"1"}') as Record<string, unknown>, []],
  ['$constructor: ID!', {}, ['constructor: expected a value of type ID!, got none']],
  ['$size: Size', { size: [] }, ['size: Expected type "Size" to be an object.']],
  ['$sizes: [Size!]', { sizes: [{ height: 1 }, null, { height: 2, inner: {} }] }, ['sizes[1]: Expected non-nullable type "Size!" not to be null.', 'sizes[2].inner: Field "height" of required type "Int!" was not provided.']],
  ['$colour: Colour', { colour: 'REED' }, ['colour: Value "REED" does not exist in "Colour" enum.']],
  ['$size: Size', { size: { height: 1, widht: 2 } }, ['size: Field "widht" is not defined by type "Size".']],
  ['$choice: Choice', { choice: { name: 'a', size: { height: 1 } } }, ['choice: Exactly one key must be specified for OneOf type "Choice".']],
  ['$id: ID, $flag: Boolean', { id: {}, flag: 'yes' }, ['id: ID cannot represent value: {}', 'flag: Boolean cannot represent a non boolean value: "yes"']],
])('of (%s) what does not fit is told by its place, as graphql has it: %j', (definitions, variables, faults) => {
  expect(faultsOf(definitions, variables)).toEqual(faults);
  expect(getVariableValues(schema, operationOf(definitions).variableDefinitions ?? [], variables).errors?.length ?? 0).toBe(faults.length);
});

test('a value with many faults is not written out for each of them, and 20 are told', () => {
  let reads = 0;
  const fields = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`unknown${index}`, index]));
  const size = new Proxy<Record<string, unknown>>({ height: 1, ...fields }, { get: (target, key) => (String(key).startsWith('unknown') && (reads += 1), target[key as string]) });
  expect(faultsOf('$size: Size, $id: ID', { size, id: {} })).toEqual(Array.from({ length: 20 }, (_, index) => `size: Field "unknown${index}" is not defined by type "Size".`));
  expect(reads).toBe(0);
});

test('a message that quotes a long text is cut', () => {
  const [fault] = faultsOf('$flag: Boolean', { flag: 'x'.repeat(10_000) });
  expect(fault).toMatch(/^flag: Boolean cannot represent a non boolean value: "x{300,500}…$/);
});
