import type { RequestListener } from 'node:http';
import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { badInput, HutongError, timeAllowed, type Log, type UploadLimits } from '@hutong/common';
import { Router, type RequestHandler } from 'express';
import { persistedQueryNotFound } from '../errors.js';
import type { CurrentGraph } from '../federation/current-graph.js';
import type { Identity } from '../identity/identity.js';
import { requestCredential } from '../identity/request-credential.js';
import { checkJson } from '../limits/json.check.js';
import type { Limits } from '../limits/limits.js';
import { uploadBody, uploadOf } from '../uploads/upload-body.js';
import type { ClientOperations } from './client-operations.js';
import type { ClientAddress } from './client-address.js';
import { statusError } from './failure.js';
import { graphqlBody } from './graphql-body.js';
import type { GraphqlRequest, GraphqlRequestContext, GraphqlResponse } from './graphql-request.js';
import { prefersGraphqlResponse } from './media-types.js';
import { neverKeep } from './never-kept.js';
import type { OperationReference, OperationTexts } from './operation-texts.js';
import { plannedRoute } from './planned-route.js';
import { requestLifetime } from './request-lifetime.js';
import { usualRequests } from './usual-requests.js';

export interface GraphqlRouteOptions {
  current: CurrentGraph;
  /** Must have been started. */
  server: ApolloServer<GraphqlRequestContext>;
  operations: ClientOperations;
  texts: OperationTexts;
  identity: Identity;
  addressOf: ClientAddress;
  limits: Limits;
  uploads: UploadLimits;
  /** Takes requests that want a stream. */
  streams: RequestHandler;
  log: Log;
}

/** What answers `/graphql` over HTTP: POST, and GET for queries. */
export interface GraphqlRoute {
  /** Takes the requests that have the usual form; all others go on. */
  usual: (others: RequestListener) => RequestListener;
  /** Takes every request. */
  router: Router;
}

/** `/graphql` with all that its requests go through. */
export function graphqlRoute({ current, server, operations, texts, identity, addressOf, limits, uploads, streams, log }: GraphqlRouteOptions): GraphqlRoute {
  const router = Router();
  const contextMade = async (request: GraphqlRequest, response: GraphqlResponse): Promise<GraphqlRequestContext> => {
    const requestId = response.locals.requestId!;
    const upload = uploadOf(response);
    try {
      const text = texts.textOf(referenceOf(request));
      const signal = requestLifetime(response, timeAllowed(limits.requestMs, text, variablesOf(request)), upload?.received);
      const caller = upload?.caller ?? (await identity.callerOf(requestCredential(request.headers), addressOf(request), requestId));
      response.locals.caller = caller;
      return { text, caller, requestId, transport: 'http', signal, received: upload?.received, graphqlResponse: prefersGraphqlResponse(request) };
    } catch (error) {
      // Clients of automatic persisted queries look into the body of a 200.
      if (error instanceof HutongError) throw statusError(error, error.code === persistedQueryNotFound.definition.code ? 200 : error.status);
      throw error;
    }
  };
  const contextOf = (request: GraphqlRequest, response: GraphqlResponse): Promise<GraphqlRequestContext> => (response.locals.context ??= contextMade(request, response));
  const body = graphqlBody(limits, uploadBody({ identity, limits: uploads, bodyBytes: limits.bodyBytes, checkJson: (json) => checkJson(json, limits) }));
  const planned = plannedRoute({ current, operations, contextOf, limits, log });
  // A router of its own, whose handlers need not look at the path one by one.
  const graphql = Router();
  graphql.use(neverKept, ...body, streams, planned, expressMiddleware(server, { context: ({ req, res }) => contextOf(req, res) }));
  router.use('/graphql', graphql);
  return { usual: usualRequests({ handler: planned, limits, log }), router };
}

const neverKept: RequestHandler = (_request, response, next) => {
  neverKeep(response);
  next();
};

/** As they were sent; what is no object is refused later. A query does not wait, so that those of a GET are left as they are. */
const variablesOf = ({ body }: GraphqlRequest): unknown => (body as { variables?: unknown } | undefined)?.variables;

function referenceOf({ method, body, query = {} }: GraphqlRequest): OperationReference {
  if (method !== 'GET') return body ?? {};
  const { extensions } = query;
  return { ...query, extensions: typeof extensions === 'string' ? parsedExtensions(extensions) : undefined };
}

function parsedExtensions(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw badInput({ problem: 'extensions: expected a JSON object in the query string' });
  }
}
