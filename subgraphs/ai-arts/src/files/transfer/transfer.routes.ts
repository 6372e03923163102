import type { SubgraphRoute } from '@hutong/common';
import type { AiArtsServices } from '../../services.js';
import { DOWNLOADS } from './download.links.js';
import { UPLOADS } from './resumable.uploads.js';

/** Files over HTTP: to be got, and to be sent by the tus protocol. */
export const transferRoutes: readonly SubgraphRoute<AiArtsServices>[] = [
  { path: DOWNLOADS, methods: ['GET', 'HEAD'], origin: 'api', handle: (request, response, scope) => scope.services.downloads.answer(request, response, scope) },
  { path: UPLOADS, methods: ['POST', 'HEAD', 'PATCH', 'DELETE', 'OPTIONS'], origin: 'api', handle: (request, response, scope) => scope.services.resumable.answer(request, response, scope) },
];
