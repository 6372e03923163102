import type { Caller } from '@hutong/common';
import type { Transport } from '../telemetry/activities.js';

/** What travels with a request through Apollo Server. */
export interface GraphqlRequestContext {
  /** The document that the request means, however it says so. */
  text: string;
  caller: Caller;
  requestId: string;
  transport: Transport;
  signal: AbortSignal;
  /** Of a request with files: resolves when they have come, or will not come. */
  received?: Promise<void> | undefined;
  /** Whether the caller asked for `application/graphql-response+json`. */
  graphqlResponse: boolean;
}
