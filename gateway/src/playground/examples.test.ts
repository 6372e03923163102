import { readFile } from 'node:fs/promises';
import { Supergraph } from '@apollo/federation-internals';
import { Kind, parse, validate, type GraphQLObjectType, type GraphQLSchema, type OperationDefinitionNode, type SelectionSetNode } from 'graphql';
import { beforeAll, expect, test } from 'vitest';
import { readGatewaySettings } from '../environment.js';
import { checkCost, checkLength, checkSize } from '../limits/operation.check.js';
import type { Example } from './example.types.js';
import { exampleGroup, exampleGroups } from './examples.js';

let schema: GraphQLSchema;
let examples: Example[];
beforeAll(async () => {
  schema = Supergraph.build(await readFile(new URL('../../../schema/supergraph.graphql', import.meta.url), 'utf8')).apiSchema().toGraphQLJSSchema();
  examples = (await exampleGroups()).flatMap((group) => group.examples);
});

const operationOf = ({ query }: Example): OperationDefinitionNode => parse(query).definitions.find((definition) => definition.kind === Kind.OPERATION_DEFINITION)!;
const fieldsOf = ({ selections }: SelectionSetNode) => selections.flatMap((selection) => (selection.kind === Kind.FIELD ? [selection] : []));

test('every root field of the graph has an example', () => {
  const shown = new Set(examples.flatMap((example) => fieldsOf(operationOf(example).selectionSet).map(({ name }) => `${example.kind} ${name.value}`)));
  const roots: [string, GraphQLObjectType][] = [['query', schema.getQueryType()!], ['mutation', schema.getMutationType()!], ['subscription', schema.getSubscriptionType()!]];
  const fields = roots.flatMap(([kind, type]) => Object.keys(type.getFields()).map((name) => `${kind} ${name}`));
  expect(fields.length).toBeGreaterThan(50);
  expect(fields.filter((field) => !shown.has(field))).toEqual([]);
});

test('every example fits the graph as it is sent, has a name of its own, and is within the limits', () => {
  const { limits } = readGatewaySettings({});
  for (const example of examples) {
    checkLength(example.query, limits);
    const document = parse(example.query, { maxTokens: limits.tokens });
    expect(validate(schema, document).map(({ message }) => message), example.name).toEqual([]);
    checkSize(document, limits);
    const files = Object.fromEntries(example.files.map((name) => [name, 'a file']));
    checkCost({ schema, document, operation: operationOf(example), variables: { ...example.variables, ...files } }, limits);
  }
  const names = examples.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

test('every variable that is required is filled in, but for files', () => {
  for (const { name, query, variables, files } of examples) {
    for (const { variable, type } of operationOf({ query } as Example).variableDefinitions ?? []) {
      if (type.kind === Kind.NON_NULL_TYPE) expect(variables, name).toHaveProperty(variable.name.value, files.includes(variable.name.value) ? null : expect.anything());
    }
  }
});

test('where an example takes a value from an answer, another example asks for it', () => {
  for (const { name, variables, sources } of examples) {
    for (const { variable, answers } of sources) {
      expect(variables, `${name}: $${variable}`).toHaveProperty(variable);
      for (const place of answers) expect(examples.some((other) => other.name !== name && asksFor(operationOf(other).selectionSet, place)), `${name}: ${place}`).toBe(true);
    }
  }
});

function asksFor(selectionSet: SelectionSetNode | undefined, place: string): boolean {
  const [step, ...rest] = place.split('.').filter((part) => !/^\d*$/.test(part));
  if (step === undefined) return selectionSet === undefined;
  return selectionSet !== undefined && fieldsOf(selectionSet).some((field) => field.name.value === step && asksFor(field.selectionSet, rest.join('.')));
}

test('a file of examples is read with titles in both languages, notes, variables and their sources', () => {
  const text = `# Get things
# 取得东西

# Get a thing
# 取得一个
# Notes of
# two lines.
# $input.id: make.id, things.0.id
mutation GetThing(
  # An id, or a name.
  $input: Get! = { id: "1", kinds: [SMALL] }
  $file: Upload!, $first: Int
) {
  get(input: $input) { id }
}`;
  expect(exampleGroup('things.graphql', text)).toEqual({
    title: { en: 'Get things', zh: '取得东西' },
    examples: [
      {
        name: 'GetThing',
        kind: 'mutation',
        title: { en: 'Get a thing', zh: '取得一个' },
        query: '# Notes of\n# two lines.\nmutation GetThing($input: Get!, $file: Upload!, $first: Int) {\n  get(input: $input) { id }\n}',
        variables: { input: { id: '1', kinds: ['SMALL'] }, file: null },
        files: ['file'],
        sources: [{ variable: 'input.id', answers: ['make.id', 'things.0.id'] }],
      },
    ],
  });
});

test.each([
  ['# 1\n# 一\n\n{ me }', 'an operation with a name'],
  ['# 1\n# 一\n\nfragment F on User { id }', 'an operation with a name'],
  ['# 1\n# 一\n\n# Only English\nquery Me { me }', 'Me: a comment gives the title'],
  ['query Me { me }', 'x.graphql: a comment gives the title'],
])('a file that is written otherwise is refused: %j', (text, said) => {
  expect(() => exampleGroup('x.graphql', text)).toThrow(said);
});
