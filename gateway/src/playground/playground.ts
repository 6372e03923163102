import { randomBytes } from 'node:crypto';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import express, { Router, type RequestHandler, type Response } from 'express';
import { exampleGroups } from './examples.js';
import { ASSETS, pageHtml } from './page.html.js';

// Wherever this file runs from, the page is what was built of it, and its style stands where it is written.
const SCRIPTS = fileURLToPath(new URL('../../dist/playground/page/', import.meta.url));
const STYLE = fileURLToPath(new URL('../../src/playground/page/page.css', import.meta.url));
const GRAPHQL_WS = path.dirname(fileURLToPath(import.meta.resolve('graphql-ws/client')));

/** Only our own origin is asked for anything; the editor sets styles of its own, hence unsafe-inline for those. */
const policy = (nonce: string): string =>
  [
    `default-src 'none'`,
    `script-src 'self' 'nonce-${nonce}'`,
    `style-src 'self' 'unsafe-inline'`,
    `font-src 'self' data:`,
    `img-src 'self' data:`,
    `worker-src 'self' blob:`,
    `connect-src 'self'`,
    `base-uri 'none'`,
    `form-action 'none'`,
    `frame-ancestors 'none'`,
  ].join('; ');

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
  const nonce = randomBytes(16).toString('base64');
  const html = pageHtml(await exampleGroups(), nonce);
  response.set({
    'cache-control': 'no-store',
    'content-security-policy': policy(nonce),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
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
