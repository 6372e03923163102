import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';
import { gzip, type InputType } from 'node:zlib';
import { guardedPage } from '@hutong/common';
import { Router, type RequestHandler } from 'express';
import type { Contract } from '../engine/contract.js';
import { docsPage } from './docs.page.js';
import { languageOf } from './openapi.router.js';
import { tellsRequestId } from './request-id.handler.js';

const VIEWER = '/docs/viewer.js';

/**
 * The reference of the contracts at `/docs`, to be read and tried, in English and Chinese.
 *
 * @param playground where the page leads those who want GraphQL; undefined: nowhere
 */
export function docsRouter(contracts: readonly Contract[], playground: string | undefined): Router {
  const router = Router();
  router.use('/docs', tellsRequestId);
  router.get('/docs', (request, response) => {
    const language = languageOf(request);
    const { nonce, headers } = guardedPage();
    response.set({ ...headers, 'content-language': language, vary: 'Accept-Language' });
    response.type('html').send(docsPage({ contracts, language, nonce, viewer: VIEWER, playground }));
  });
  router.get(VIEWER, viewer());
  return router;
}

/** The viewer as its package has it, read and compressed when it is first asked for. */
function viewer(): RequestHandler {
  let asset: Promise<{ compressed: Buffer; etag: string }> | undefined;
  return async (request, response) => {
    asset ??= readFile(viewerFile()).then(async (bytes) => ({ compressed: await compress(bytes), etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 27)}"` }));
    // What fails now is tried again by whoever asks next.
    asset.catch(() => (asset = undefined));
    const { compressed, etag } = await asset;
    response.set({ 'cache-control': 'no-cache', 'cross-origin-resource-policy': 'same-origin', etag, vary: 'Accept-Encoding', 'x-content-type-options': 'nosniff' });
    if (request.fresh) return void response.status(304).end();
    response.type('text/javascript');
    if (request.acceptsEncodings('gzip') === 'gzip') response.set('content-encoding', 'gzip').send(compressed);
    else response.send(await readFile(viewerFile()));
  };
}

const compress = promisify<InputType, Buffer>(gzip);

function viewerFile(): string {
  return path.join(path.dirname(createRequire(import.meta.url).resolve('@scalar/api-reference')), 'browser', 'standalone.js');
}
