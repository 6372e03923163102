import type { ApolloServerPlugin } from '@apollo/server';
import { HutongError } from '@hutong/common';
import type { GraphQLFormattedError } from 'graphql';
import { graphError } from '../federation/subgraph.errors.js';
import type { GraphqlRequestContext } from '../http/graphql-request.js';
import { operations, parsing, refusals } from './activities.js';

/** Tells of every operation that goes through Apollo Server, and of its parsing. */
export const operationPlugin: ApolloServerPlugin<GraphqlRequestContext> = {
  async contextCreationDidFail({ error }) {
    const { originalError } = error as { originalError?: unknown };
    const errors: readonly GraphQLFormattedError[] = originalError instanceof HutongError ? [graphError(originalError)] : [{ message: '' }];
    refusals.tell({ errors });
  },
  async requestDidStart({ contextValue }) {
    const details: Parameters<typeof operations.begin>[0] = { kind: 'unknown', transport: contextValue.transport };
    const end = operations.begin(details);
    return {
      async parsingDidStart() {
        const parsed = parsing.begin({});
        return async (error) => parsed({ error });
      },
      async didResolveOperation({ operation }) {
        details.kind = operation?.operation ?? 'unknown';
      },
      async willSendResponse({ response: { body } }) {
        end({ result: body.kind === 'single' ? body.singleResult : {} });
      },
    };
  },
};
