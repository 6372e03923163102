import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startPlatform, type Platform } from '../testkit/platform.js';

// The audit by which others look at servers of GraphQL over HTTP, against the whole platform.

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
});
afterAll(() => platform?.dispose());

type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

async function audited(fetchFn: Fetch): Promise<Record<string, string[]>> {
  const results: Record<string, string[]> = { ok: [], notice: [], warn: [], error: [] };
  for (const audit of serverAudits({ url: `${platform.url}/graphql`, fetchFn })) {
    const result = await audit.fn();
    results[result.status]!.push(result.status === 'ok' ? result.name : `${result.name}: ${result.reason}`);
  }
  return results;
}

test('no MUST and no SHOULD fails for a client that knows nothing of us', async () => {
  const { ok, notice, warn, error } = await audited(fetch);
  expect([error, warn]).toEqual([[], []]);
  expect(ok!.length).toBeGreaterThan(50);
  // A GET without a header that forms cannot send is refused, which the specification leaves to us.
  expect(notice!.filter((name) => !/^MAY .*GET/.test(name))).toEqual([]);
});

test('nothing at all fails for one that sends the header which GETs need', async () => {
  const { notice, warn, error } = await audited((url, init = {}) => fetch(url, { ...init, headers: { 'apollo-require-preflight': 'true', ...(init.headers as Record<string, string>) } }));
  expect([error, warn, notice]).toEqual([[], [], []]);
});
