import fc from 'fast-check';
import { buildSchema, getVariableValues, parse, type OperationDefinitionNode } from 'graphql';
import { expect, test } from 'vitest';
import { compileVariables } from './query-variables.js';

const schema = buildSchema(`
  enum Kind { A B }
  input Size { cores: Int! = 2 disks: [Int] }
  scalar Anything
  type Query { answer: String }
`);

const types = ['Int', 'Float!', 'String', 'Boolean', 'ID!', 'Kind', '[Kind!]!', '[Int]', '[[ID!]]!', 'Size', '[Size!]', 'Anything', '[Anything!]!', 'Unknown', 'Query', 'Int! = 7', '[Int!] = [1]'];

const json = fc.letrec<{ value: unknown; leaf: unknown }>((tie) => ({
  leaf: fc.oneof(fc.constantFrom<unknown>(null, undefined, 0, 1.5, true, 'A', 'C', '7', ''), fc.integer()),
  value: fc.oneof({ depthSize: 'small' }, tie('leaf'), fc.array(tie('value'), { maxLength: 3 }), fc.constant({ cores: 4 }), fc.constant({ cores: 'x', disks: 3 })),
})).value;

test('variables are coerced, and refused, as graphql-js does it', () => {
  const one = fc.record({ type: fc.constantFrom(...types), given: fc.option(json, { nil: undefined }), isGiven: fc.boolean() });
  fc.assert(
    fc.property(fc.array(one, { minLength: 1, maxLength: 3 }), (variables) => {
      const text = `query (${variables.map(({ type }, n) => `$v${n}: ${type}`).join(' ')}) { answer }`;
      const operation = parse(text).definitions[0] as OperationDefinitionNode;
      const given = Object.fromEntries(variables.flatMap(({ given: value, isGiven }, n) => (isGiven ? [[`v${n}`, value]] : [])));
      const told = (coerced: ReturnType<typeof getVariableValues>) => ({ ...coerced, errors: coerced.errors?.map(({ message }) => message) });
      expect(told(compileVariables(schema, operation)(given))).toEqual(told(getVariableValues(schema, operation.variableDefinitions ?? [], given, { maxErrors: 50 })));
    }),
    { numRuns: 1_000 },
  );
});
