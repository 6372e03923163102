import type { ExampleGroup } from './example.types.js';

/** Below this path are the scripts and styles of the page. */
export const ASSETS = '/playground/';

/** What the scripts of the page import by these names. */
const IMPORTS = { 'ruru-in-browser': `${ASSETS}ruru.js`, 'graphql-ws-in-browser': `${ASSETS}graphql-ws/client.js` };

/** The page with its examples; only scripts that carry the nonce are run. */
export const pageHtml = (examples: ExampleGroup[], nonce: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hutong 互通</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="${ASSETS}ruru.css">
<link rel="stylesheet" href="${ASSETS}page/page.css">
<script nonce="${nonce}" type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script nonce="${nonce}" type="application/json" id="examples">${JSON.stringify(examples).replaceAll('<', String.raw`\u003c`)}</script>
<script nonce="${nonce}" type="module" src="${ASSETS}page/page.js"></script>
</head>
<body></body>
</html>
`;
