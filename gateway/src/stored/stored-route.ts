import { bearerToken, type CallerTokens } from '@hutong/common';
import type { Graph, GraphCaller } from '@hutong/rest-compat';
import express, { Router, type RequestHandler } from 'express';
import { z } from 'zod';

/** Whom the tokens are for that let a process run stored operations here. */
const AUDIENCE = 'gateway';
const LARGEST_BODY = '64mb';

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
export function storedRoute(graph: Graph, tokens: CallerTokens): RequestHandler {
  const guard: RequestHandler = (request, response, next) => {
    const claims = tokens.verify(AUDIENCE, bearerToken(request.headers.authorization));
    if (claims?.origin !== 'stored') return void response.status(401).json({ error: 'This answers other processes of the platform only.' });
    const { address, username } = claims.caller;
    response.locals.claims = { address: address ?? '', requestId: claims.requestId, ...(username === null ? {} : { actsAs: username }) };
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
    const answer = await graph.execute({ ...operation, caller, signal: gone.signal });
    if (!gone.signal.aborted) response.set('cache-control', 'no-store').json(answer);
  };
  return Router().post('/stored-operations', guard, express.json({ limit: LARGEST_BODY, type: () => true }), run);
}
