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

export const persistedQueryNotFound = defineError({
  code: 'PERSISTED_QUERY_NOT_FOUND',
  status: 404,
  summary: 'A hash was sent without its document, and no document of this hash is remembered. Over HTTP the status is 200, as clients of automatic persisted queries expect.',
  remedy: 'Send the document and its hash together, once; clients do it by themselves.',
  // Clients look for this very word.
  message: () => 'PersistedQueryNotFound',
});

export const operationNotTrusted = defineError<{ id?: string }>({
  code: 'OPERATION_NOT_TRUSTED',
  status: 403,
  summary: 'This platform runs only operations that its operator has put on a list, and this is none of them.',
  remedy: 'Send an operation of the list, by its id or its exact text; ask the operator to add yours.',
  message: ({ id }) => `${id === undefined ? 'This operation' : `The operation ${JSON.stringify(id.slice(0, 100))}`} is none of those that may be run here`,
});

export const plannerBusy = defineError({
  code: 'PLANNER_BUSY',
  status: 503,
  summary: 'More operations that were not asked for before wait for their plans than can be made in time; `extensions.retryAfterSeconds` tells how long to wait.',
  remedy: 'Try again in a moment, with fewer new operations at a time; an operation is planned once for the same text.',
  message: () => 'Too many new operations wait to be planned; try again in a moment',
});
