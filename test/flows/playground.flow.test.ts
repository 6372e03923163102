import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Kind, OperationTypeNode, parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { admin, stranger, type Actor } from '../testkit/actor.js';
import { send } from '../testkit/http.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';

// The playground as a browser on a closed network meets it, its examples as a visitor runs them, and production.

const EXAMPLES = join(import.meta.dirname, '../../gateway/examples');

let platform: Platform;
let root: Actor;
beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
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

/** What a visitor is told whose platform has neither a cloud nor an engine, as this one. */
const WITHOUT_ANY: Partial<Record<string, string>> = {
  ImagesAndFlavors: 'CLOUD_NOT_CONFIGURED',
  LaunchAMachine: 'CLOUD_NOT_CONFIGURED',
  DestroyAMachine: 'VM_NOT_FOUND',
  CreateATraining: 'ENGINE_NOT_CONFIGURED',
  FollowItsLog: 'JOB_NOT_FOUND',
  StopATraining: 'JOB_NOT_FOUND',
};

describe('the examples', () => {
  test('are in the page, and run in their order as a visitor runs them', async () => {
    const files = (await readdir(EXAMPLES)).filter((name) => name.endsWith('.graphql')).toSorted();
    const texts = await Promise.all(files.map((name) => readFile(join(EXAMPLES, name), 'utf8')));
    const all = texts.join('\n').replace('"your password"', JSON.stringify(ADMIN_PASSWORD));
    const page = (await send(platform, { path: '/' })).text;
    const operations = parse(all).definitions.flatMap((definition) => (definition.kind === Kind.OPERATION_DEFINITION ? [{ name: definition.name!.value, kind: definition.operation }] : []));
    expect(operations.length).toBeGreaterThan(8);
    for (const { name, kind } of operations) {
      expect(page, name).toContain(name);
      if (kind === OperationTypeNode.SUBSCRIPTION) {
        await expectStream({ query: all, operationName: name }, root, WITHOUT_ANY[name]);
        continue;
      }
      const user = name === 'LogIn' ? stranger(platform) : root;
      // The editor sends the whole text and the name of one operation.
      const response = await fetch(`${platform.url}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(user.credential === undefined ? {} : { authorization: `Bearer ${user.credential}` }) },
        body: JSON.stringify({ query: all, operationName: name }),
      });
      const { data, errors } = (await response.json()) as { data: Record<string, unknown>; errors?: { extensions: { code: string } }[] };
      expect(errors?.[0]?.extensions.code, name).toBe(WITHOUT_ANY[name]);
      if (errors) continue;
      expect(Object.values(data).every((value) => value !== null), name).toBe(true);
    }
  });
});

/** A subscription of the examples begins, and is left again; or is refused with this code. */
async function expectStream(body: { query: string; operationName: string }, { credential }: Actor, refusal: string | undefined): Promise<void> {
  const leaving = new AbortController();
  const response = await fetch(`${platform.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${credential}` },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  if (refusal !== undefined) return expect(await response.text(), body.operationName).toContain(refusal);
  leaving.abort();
  expect([body.operationName, response.status, response.headers.get('content-type')]).toEqual([body.operationName, 200, 'text/event-stream; charset=utf-8']);
}

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
