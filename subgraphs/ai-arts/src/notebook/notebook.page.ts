import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HutongError } from '@hutong/common';

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escaped = (text: string): string => text.replaceAll(/[&<>"]/g, (character) => ESCAPES[character]!);

/** Whether whoever asks is a browser that shows what it gets. */
export const wantsPage = ({ headers, method }: IncomingMessage): boolean => method === 'GET' && (headers.accept ?? '').includes('text/html');

/** Tells a reader why there is no notebook to be seen. */
export function showFailure(response: ServerResponse, { status, code, message }: HutongError): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
  });
  response.end(`<!doctype html><html lang="en"><meta charset="utf-8"><title>Notebook</title><h1>This notebook cannot be shown</h1><p>${escaped(message)}</p><p><small>${escaped(code)}</small></p></html>\n`);
}
