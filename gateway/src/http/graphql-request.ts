import type { Caller } from '@hutong/common';

/** What travels with a request through Apollo Server. */
export interface GraphqlRequestContext {
  caller: Caller;
  requestId: string;
  signal: AbortSignal;
  /** Whether the caller asked for `application/graphql-response+json`. */
  graphqlResponse: boolean;
}
