import type { IncomingMessage, ServerResponse } from 'node:http';
import type { SubgraphRoute } from '@hutong/common';
import type { AiArtsContext, AiArtsServices } from '../services.js';
import { ANNOTATIONS } from './label.gate.js';

/** What verifies our assertions of callers, for the label server to fetch. */
export const ASSERTION_KEYS = '/ai_arts/jwks.json';

/** The label server, and the keys that it knows callers by. */
export const labellingRoutes: readonly SubgraphRoute<AiArtsServices>[] = [
  {
    path: ANNOTATIONS,
    methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
    origin: 'api',
    handle: (request, response, scope) => scope.services.labelGate.handle(request, response, scope),
    upgrade: (request, socket, head, scope) => scope.services.labelGate.upgrade(request, socket, head, scope),
  },
  { path: ASSERTION_KEYS, methods: ['GET', 'HEAD'], origin: 'api', handle: showKeys },
];

function showKeys(request: IncomingMessage, response: ServerResponse, { services }: AiArtsContext): void {
  const body = JSON.stringify(services.assertionKeys);
  response.writeHead(200, { 'content-type': 'application/jwk-set+json', 'content-length': Buffer.byteLength(body), 'cache-control': 'public, max-age=300' });
  response.end(request.method === 'HEAD' ? undefined : body);
}
