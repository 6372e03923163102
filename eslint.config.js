import graphql from '@graphql-eslint/eslint-plugin';

const OPERATIONS = ['rest-compat/src/**/*.graphql', 'gateway/src/**/*.graphql', 'gateway/examples/*.graphql'];

/** Everything that can be described, but the root types, which are but their fields, and types that another subgraph describes. */
const DESCRIBED = {
  types: true,
  FieldDefinition: true,
  InputValueDefinition: true,
  EnumValueDefinition: true,
  DirectiveDefinition: true,
  ignoredSelectors: [...['Query', 'Mutation', 'Subscription'].map((root) => `[type=ObjectTypeDefinition][name.value=${root}]`), '[type=ObjectTypeDefinition]:has(Argument[name.value=resolvable])'],
};

/** One for all files, as the plugin takes it from the first file that it meets. */
const languageOptions = {
  parser: graphql.parser,
  parserOptions: { graphQLConfig: { schema: 'schema/api.graphql', documents: OPERATIONS } },
};

// The public graph as clients see it, the subgraphs that it is composed of, and the operations written against it.
export default [
  {
    files: ['schema/api.graphql'],
    languageOptions,
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      '@graphql-eslint/require-description': ['error', DESCRIBED],
      '@graphql-eslint/strict-id-in-types': 'off',
      '@graphql-eslint/no-typename-prefix': 'off',
      '@graphql-eslint/naming-convention': 'off',
      '@graphql-eslint/require-deprecation-reason': 'error',
    },
  },
  {
    files: ['schema/*.graphql'],
    ignores: ['schema/api.graphql', 'schema/supergraph.graphql'],
    languageOptions,
    plugins: { '@graphql-eslint': graphql },
    rules: { '@graphql-eslint/require-description': ['error', DESCRIBED] },
  },
  {
    files: OPERATIONS,
    languageOptions,
    plugins: { '@graphql-eslint': graphql },
    rules: {
      '@graphql-eslint/known-type-names': 'error',
      '@graphql-eslint/fields-on-correct-type': 'error',
      '@graphql-eslint/known-argument-names': 'error',
      '@graphql-eslint/no-anonymous-operations': 'error',
      '@graphql-eslint/no-unused-variables': 'error',
      '@graphql-eslint/no-deprecated': 'error',
    },
  },
];
