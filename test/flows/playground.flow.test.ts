import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin } from '../testkit/actor.js';
import { send } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// The playground as a browser on a closed network meets it, and production. In a browser: test/browser.

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.dispose());

/** Addresses that a page or style sheet loads by itself, without anybody clicking. */
function loadedBy(text: string, type: string): string[] {
  if (type.includes('html')) {
    return [...text.matchAll(/<(?:script|link|img|iframe|source|base|object|embed)\b[^>]*?\b(?:src|href|data)\s*=\s*["']([^"']*)["']/gi), ...text.matchAll(/\bimport\s*\(?\s*["']([^"']+)["']/g)].map(([, address]) => address!);
  }
  if (type.includes('css')) return [...text.matchAll(/url\(\s*["']?([^"')]+)["']?\s*\)|@import\s+["']([^"']+)["']/g)].map(([, url, imported]) => (url ?? imported)!);
  return [];
}

test('the page and all that it loads come from our own origin, with nothing missing', async () => {
  const waiting = ['/'];
  const seen = new Set<string>();
  while (waiting.length > 0) {
    const path = waiting.pop()!;
    if (seen.has(path)) continue;
    seen.add(path);
    const { status, headers, text } = await send(platform, { path });
    expect(status, path).toBe(200);
    for (const address of loadedBy(text, headers['content-type'] ?? '')) {
      if (/^(data|blob):|^#/.test(address)) continue;
      const url = new URL(address, platform.url + path);
      expect(url.origin, `${path} loads ${address}`).toBe(platform.url);
      waiting.push(url.pathname);
    }
  }
  expect(seen.size, 'a page and its script at least').toBeGreaterThan(1);
});

test('the page lets the browser ask nobody else', async () => {
  const { headers } = await send(platform, { path: '/' });
  const policy = String(headers['content-security-policy']);
  expect(policy).toMatch(/default-src 'none'/);
  expect(policy).toMatch(/connect-src 'self'/);
  expect(policy).not.toMatch(/https?:|\*/);
});

describe('in production', () => {
  let production: Platform;
  beforeAll(async () => {
    production = await startPlatform({ environment: { NODE_ENV: 'production' } });
  });
  afterAll(() => production?.dispose());

  test('there is no playground and no introspection, and errors suggest no fields', async () => {
    expect((await send(production, { path: '/' })).status).toBe(404);
    expect((await send(production, { path: '/playground/ruru.js' })).status).toBe(404);
    const user = await admin(production);
    expect((await user.graph('{ __schema { types { name } } }')).errors).not.toEqual([]);
    const { errors } = await user.graph('{ machine { id } mahcines { totalCount } }');
    expect(errors.length).toBeGreaterThan(0);
    expect(JSON.stringify(errors)).not.toMatch(/did you mean|machines/i);
    expect(await user.ask('{ machines { totalCount } }')).toEqual({ machines: { totalCount: 0 } });
  });
});

test('the page can be switched off elsewhere, too', async () => {
  const off = await startPlatform({ environment: { PLAYGROUND: 'false' } });
  try {
    expect((await send(off, { path: '/' })).status).toBe(404);
    expect(off.output()).not.toContain('Playground');
  } finally {
    await off.dispose();
  }
});
