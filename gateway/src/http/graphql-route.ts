import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { HutongError } from '@hutong/common';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import type { Identity } from '../identity/identity.js';
import { requestCredential } from '../identity/request-credential.js';
import type { Limits } from '../limits/limits.js';
import { checkLength } from '../limits/operation.check.js';
import { prefersGraphqlResponse, statusError } from './failure.js';
import { graphqlBody } from './graphql-body.js';
import type { GraphqlRequestContext } from './graphql-request.js';
import { requestLifetime } from './request-lifetime.js';

/** `/graphql` over HTTP: POST, and GET for queries; `streams` takes those that want a stream. The server must have been started. */
export function graphqlRoute(server: ApolloServer<GraphqlRequestContext>, identity: Identity, limits: Limits, streams: RequestHandler): Router {
  const router = Router();
  const context = async ({ req, res }: { req: Request; res: Response }): Promise<GraphqlRequestContext> => {
    const requestId = res.locals.requestId as string;
    const signal = requestLifetime(res, limits.requestMs);
    try {
      checkLength(documentText(req), limits);
      const caller = await identity.callerOf(requestCredential(req.headers), req.ip ?? '', requestId);
      return { caller, requestId, signal, graphqlResponse: prefersGraphqlResponse(req) };
    } catch (error) {
      if (error instanceof HutongError) throw statusError(error);
      throw error;
    }
  };
  router.use('/graphql', neverKept, ...graphqlBody(limits), streams, expressMiddleware(server, { context }));
  return router;
}

/** Answers may hold tickets, and are one caller's own. */
const neverKept: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  next();
};

function documentText({ body, query }: Request): string {
  const text: unknown = (body as { query?: unknown } | undefined)?.query ?? query.query;
  return typeof text === 'string' ? text : '';
}
