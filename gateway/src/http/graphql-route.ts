import type { ApolloServer } from '@apollo/server';
import { expressMiddleware } from '@as-integrations/express5';
import { badInput, HutongError, timeAllowed, type UploadLimits } from '@hutong/common';
import { Router, type Request, type RequestHandler, type Response } from 'express';
import { persistedQueryNotFound } from '../errors.js';
import type { Identity } from '../identity/identity.js';
import { requestCredential } from '../identity/request-credential.js';
import { checkJson } from '../limits/json.check.js';
import type { Limits } from '../limits/limits.js';
import { uploadBody, uploadOf } from '../uploads/upload-body.js';
import { prefersGraphqlResponse, statusError } from './failure.js';
import { graphqlBody } from './graphql-body.js';
import type { GraphqlRequestContext } from './graphql-request.js';
import type { OperationReference, OperationTexts } from './operation-texts.js';
import { requestLifetime } from './request-lifetime.js';

/** `/graphql` over HTTP: POST, and GET for queries; `streams` takes those that want a stream. The server must have been started. */
export function graphqlRoute(server: ApolloServer<GraphqlRequestContext>, texts: OperationTexts, identity: Identity, limits: Limits, uploads: UploadLimits, streams: RequestHandler): Router {
  const router = Router();
  const context = async ({ req, res }: { req: Request; res: Response }): Promise<GraphqlRequestContext> => {
    const requestId = res.locals.requestId as string;
    const upload = uploadOf(res);
    try {
      const text = texts.textOf(referenceOf(req));
      const signal = requestLifetime(res, timeAllowed(limits.requestMs, text, variablesOf(req)), upload?.received);
      const caller = upload?.caller ?? (await identity.callerOf(requestCredential(req.headers), req.ip ?? '', requestId));
      res.locals.caller = caller;
      return { text, caller, requestId, transport: 'http', signal, received: upload?.received, graphqlResponse: prefersGraphqlResponse(req) };
    } catch (error) {
      // Clients of automatic persisted queries look into the body of a 200.
      if (error instanceof HutongError) throw statusError(error, error.code === persistedQueryNotFound.definition.code ? 200 : error.status);
      throw error;
    }
  };
  router.use('/graphql', neverKept, ...graphqlBody(limits, uploadBody({ identity, limits: uploads, bodyBytes: limits.bodyBytes, checkJson: (json) => checkJson(json, limits) })), streams, expressMiddleware(server, { context }));
  return router;
}

/** Answers may hold tickets, and are one caller's own. */
const neverKept: RequestHandler = (_request, response, next) => {
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  next();
};

/** As they were sent; what is no object is refused later. A query does not wait, so that those of a GET are left as they are. */
const variablesOf = ({ body }: Request): unknown => (body as { variables?: unknown } | undefined)?.variables;

function referenceOf({ method, body, query }: Request): OperationReference {
  if (method !== 'GET') return (body ?? {}) as OperationReference;
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
