import { bearerToken, endBodyDeadline, receiveUpload, REQUEST_ID, soundRequestId, type CallerTokens, type ReceivedUpload, type UploadLimits } from '@hutong/common';
import type { Graph, GraphCaller } from '@hutong/rest-compat';
import express, { Router, type RequestHandler } from 'express';
import { z } from 'zod';
import { isMultipart } from '../uploads/upload-body.js';

/** Whom the tokens are for that let a process run stored operations here. */
const AUDIENCE = 'gateway';
const LARGEST_BODY = 64 * 1024 * 1024;

const storedOperation = z.object({
  document: z.string(),
  operationName: z.string(),
  variables: z.record(z.string(), z.unknown()),
  credential: z.string().optional(),
  csrfToken: z.string().optional(),
});

/**
 * `POST /stored-operations`: the legacy contracts in a process of their own. The token says that it is one of the platform,
 * and from which address the request came, or for which user that address stands; otherwise whose it is the credential says,
 * as everywhere. Without a token 401.
 */
export function storedRoute(graph: Graph, tokens: CallerTokens, uploads: UploadLimits): RequestHandler {
  const guard: RequestHandler = (request, response, next) => {
    const claims = tokens.verify(AUDIENCE, bearerToken(request.headers.authorization));
    if (claims?.origin !== 'stored') return void response.status(401).json({ error: 'This answers other processes of the platform only.' });
    const { address, username } = claims.caller;
    response.locals.claims = { address: address ?? '', requestId: soundRequestId(request.headers[REQUEST_ID]), ...(username === null ? {} : { actsAs: username }) };
    next();
  };
  const run: RequestHandler = async (request, response) => {
    const { success, data: asked } = storedOperation.safeParse(request.body);
    if (!success) return void response.status(400).json({ error: 'Expected document, operationName and variables.' });
    const { credential, csrfToken, ...operation } = asked;
    const gone = new AbortController();
    response.once('close', () => gone.abort(new Error('the caller has gone')));
    const caller = {
      ...(response.locals.claims as Pick<GraphCaller, 'address' | 'requestId' | 'actsAs'>),
      ...(credential === undefined ? {} : { credential }),
      ...(csrfToken === undefined ? {} : { csrfToken }),
    };
    const answer = await graph.execute({ ...operation, caller, signal: gone.signal, ...(response.locals.received as Pick<ReceivedUpload, 'received'> | undefined) });
    if (!gone.signal.aborted) response.set('cache-control', 'no-store').json(answer);
  };
  const receive: RequestHandler = async (request, response, next) => {
    if (!isMultipart(request)) return next();
    endBodyDeadline(request);
    const { operation, received } = await receiveUpload(request, response, { limits: uploads, fieldBytes: LARGEST_BODY });
    request.body = operation;
    response.locals.received = { received } satisfies Pick<ReceivedUpload, 'received'>;
    next();
  };
  return Router().post('/stored-operations', guard, receive, express.json({ limit: LARGEST_BODY, type: (request) => !isMultipart(request) }), run);
}
