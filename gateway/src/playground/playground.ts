import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { guardedPage } from '@hutong/common';
import express, { Router, type RequestHandler, type Response } from 'express';
import { exampleGroups } from './examples.js';
import { ASSETS, pageHtml } from './page.html.js';

// Wherever this file runs from, the page is what was built of it, and its style stands where it is written.
const SCRIPTS = fileURLToPath(new URL('../../dist/playground/page/', import.meta.url));
const STYLE = fileURLToPath(new URL('../../src/playground/page/page.css', import.meta.url));
const GRAPHQL_WS = path.dirname(fileURLToPath(import.meta.resolve('graphql-ws/client')));

const ASSET_HEADERS = { 'cache-control': 'no-cache', 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff' };
const OWN_ASSETS = { cacheControl: false, index: false, redirect: false, setHeaders: (response: Response) => void response.set(ASSET_HEADERS) };

/** The playground at `/`: ruru with a log-in, examples and live events around it, from our own origin alone. Read when it is first asked for. */
export function playground(): Router {
  const router = Router();
  router.get('/', page);
  router.use(`${ASSETS}page/page.css`, express.static(STYLE, OWN_ASSETS));
  router.use(`${ASSETS}page`, express.static(SCRIPTS, OWN_ASSETS));
  router.use(`${ASSETS}graphql-ws`, express.static(GRAPHQL_WS, OWN_ASSETS));
  router.get(`${ASSETS}*file`, ruruAsset);
  return router;
}

const page: RequestHandler = async (_request, response) => {
  const { nonce, headers } = guardedPage({ workers: `'self' blob:` });
  const html = pageHtml(await exampleGroups(), nonce);
  response.set(headers);
  response.type('html').send(html);
};

const ruruAsset: RequestHandler = async (request, response, next) => {
  const { getStaticFile } = await import('ruru/static');
  const file = await getStaticFile({
    staticPath: ASSETS,
    urlPath: request.url,
    acceptEncoding: request.headers['accept-encoding'],
    disallowDevAssets: true,
  });
  if (!file) return next();
  response.set({ ...ASSET_HEADERS, vary: 'Accept-Encoding' });
  if (request.headers['if-none-match'] === file.headers.etag) return void response.status(304).end();
  response.writeHead(200, file.headers).end(file.content);
};
