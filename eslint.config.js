import graphql from '@graphql-eslint/eslint-plugin';

// The public graph as clients see it, and the operations of the legacy contracts written against it.
export default [
  {
    files: ['schema/api.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema/api.graphql' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      '@graphql-eslint/require-description': ['error', {
        types: true,
        FieldDefinition: true,
        rootField: true,
        ignoredSelectors: ['Query', 'Mutation', 'Subscription'].map((root) => `[type=ObjectTypeDefinition][name.value=${root}]`),
      }],
      '@graphql-eslint/strict-id-in-types': 'off',
      '@graphql-eslint/no-typename-prefix': 'off',
      '@graphql-eslint/naming-convention': 'off',
      '@graphql-eslint/require-deprecation-reason': 'error',
    },
  },
  {
    files: ['rest-compat/src/**/*.graphql', 'gateway/src/**/*.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema/api.graphql', documents: ['rest-compat/src/**/*.graphql', 'gateway/src/**/*.graphql'] } },
    },
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
