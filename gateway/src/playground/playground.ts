import { randomBytes } from 'node:crypto';
import { Router, type RequestHandler } from 'express';
import type { ruruHTML } from 'ruru/server';
import { exampleText } from './examples.js';

type RuruClientConfig = NonNullable<Parameters<typeof ruruHTML>[0]['clientConfig']>;

const ASSETS = '/playground/';

const HEADERS_HINT = `{
  // Run LogIn, put the ticket here, and take the slashes away:
  // "Authorization": "Bearer <ticket>"
}
`;

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

/** The playground at `/`: ruru with examples to run, from our own origin alone. Loaded when it is first asked for. */
export function playground(): Router {
  const router = Router();
  router.get('/', page);
  router.get(`${ASSETS}*file`, asset);
  return router;
}

const page: RequestHandler = async (_request, response) => {
  const [{ ruruHTML }, initialQuery] = await Promise.all([import('ruru/server'), exampleText()]);
  const nonce = randomBytes(16).toString('base64');
  const html = ruruHTML({
    staticPath: ASSETS,
    endpoint: '/graphql',
    // The page makes it the WebSocket of its own origin, and sends the tab Headers as connection_init.
    subscriptionEndpoint: '/graphql',
    // The type asks for every property of the editor, where each has its default.
    clientConfig: { initialQuery, defaultQuery: initialQuery, initialHeaders: HEADERS_HINT, defaultHeaders: HEADERS_HINT } as RuruClientConfig,
    htmlParts: { titleTag: '<title>Hutong</title><link rel="icon" href="data:," />' },
  });
  response.set({
    'cache-control': 'no-store',
    'content-security-policy': policy(nonce),
    'cross-origin-opener-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  response.type('html').send(html.replaceAll('<script', `<script nonce="${nonce}"`));
};

const asset: RequestHandler = async (request, response, next) => {
  const { getStaticFile } = await import('ruru/static');
  const file = await getStaticFile({
    staticPath: ASSETS,
    urlPath: request.url,
    acceptEncoding: request.headers['accept-encoding'],
    disallowDevAssets: true,
  });
  if (!file) return next();
  response.set({ 'cache-control': 'no-cache', 'cross-origin-resource-policy': 'same-origin', 'x-content-type-options': 'nosniff', vary: 'Accept-Encoding' });
  if (request.headers['if-none-match'] === file.headers.etag) return void response.status(304).end();
  response.writeHead(200, file.headers).end(file.content);
};
