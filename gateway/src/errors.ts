import { defineError } from '@hutong/common';

export const graphqlParseFailed = defineError<{ problem: string }>({
  code: 'GRAPHQL_PARSE_FAILED',
  status: 400,
  summary: 'The document is not GraphQL; `locations` points at the character.',
  remedy: 'Correct the document.',
  message: ({ problem }) => problem,
});

export const graphqlValidationFailed = defineError<{ problem: string }>({
  code: 'GRAPHQL_VALIDATION_FAILED',
  status: 400,
  summary: 'The document asks for what the schema does not have, or in a form that it does not allow.',
  remedy: 'Compare the document with `schema/supergraph.graphql`; the message names the field, argument or type.',
  message: ({ problem }) => problem,
});

export const csrfTokenWrong = defineError({
  code: 'CSRF_TOKEN_WRONG',
  status: 403,
  summary: 'The header `CSRFPreventionToken` was sent and is not that of the ticket.',
  remedy: 'Send the token that came with the ticket, or leave the header out.',
  message: () => 'CSRFPreventionToken is not the one that came with this ticket',
});
