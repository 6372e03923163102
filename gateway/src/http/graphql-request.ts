import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '@hutong/common';
import type { Transport } from '../telemetry/activities.js';
import type { Locals } from '../telemetry/http-exchange.js';
import type { UploadRequest } from '../uploads/upload-body.js';

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

/** A request to `/graphql`. */
export interface GraphqlRequest extends IncomingMessage {
  /** The bytes that have come; later the operation in them. */
  body?: unknown;
  /** Of a GET: what its URL asks for. */
  query?: Record<string, unknown>;
}

/** Answers a request whose body is there, or leaves it to `next`. */
export type GraphqlHandler = (request: GraphqlRequest, response: GraphqlResponse, next: () => void) => Promise<void>;

/** Its answer, with what handlers leave on it for one another. */
export interface GraphqlResponse extends ServerResponse {
  locals: Locals & {
    /** Of a request with files. */
    upload?: UploadRequest;
    context?: Promise<GraphqlRequestContext>;
  };
}
