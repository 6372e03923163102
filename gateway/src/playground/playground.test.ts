import { afterAll, beforeAll, expect, test } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { exampleGroups } from './examples.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway();
});
afterAll(() => gateway.stop());

test('the page asks its own origin only, and says so to the browser', async () => {
  const { status, headers, text } = await gateway.request('/');
  const policy = headers.get('content-security-policy')!;
  const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
  expect(status).toBe(200);
  expect(policy).toContain("default-src 'none'");
  expect(policy).not.toMatch(/https?:/);
  expect(text.match(/<script/g)!.length).toBe(text.split(`<script nonce="${nonce}"`).length - 1);
  expect(text.match(/(?:src|href)="(?!\/playground\/|data:)[^"]*"/g)).toBeNull();
  const { imports } = JSON.parse(/type="importmap">(.*?)<\/script>/.exec(text)![1]!) as { imports: Record<string, string> };
  for (const address of Object.values(imports)) expect((await gateway.request(address)).status, address).toBe(200);
  expect(headers.get('x-frame-options')).toBe('DENY');
});

test('the page brings the examples with it', async () => {
  const { text } = await gateway.request('/');
  expect(JSON.parse(/id="examples">(.*?)<\/script>/.exec(text)![1]!)).toEqual(await exampleGroups());
});

test('two pages have different nonces', async () => {
  const policies = await Promise.all([gateway.request('/'), gateway.request('/')]);
  expect(new Set(policies.map(({ headers }) => headers.get('content-security-policy'))).size).toBe(2);
});

test.each([
  ['/playground/ruru.js', 'text/javascript; charset=utf-8'],
  ['/playground/page/page.js', 'text/javascript; charset=utf-8'],
  ['/playground/page/page.css', 'text/css; charset=utf-8'],
  ['/playground/graphql-ws/client.js', 'text/javascript; charset=utf-8'],
])('%s is served with its type, and again only when it changed', async (address, type) => {
  const { status, headers } = await gateway.request(address);
  expect([status, headers.get('content-type'), headers.get('cache-control'), headers.get('x-content-type-options')]).toEqual([200, type, 'no-cache', 'nosniff']);
  // As a browser asks that has it; fetch alone would say no-cache with it.
  const again = { 'if-none-match': headers.get('etag')!, 'cache-control': 'max-age=0' };
  expect((await gateway.request(address, { headers: again })).status).toBe(304);
});

test.each(['/playground/nothing.js', '/playground/page/nothing.js', '/playground/page/', '/playground/page/..%2f..%2fmain.js', '/playground/graphql-ws/'])('%s is not there', async (address) => {
  expect((await gateway.request(address)).status).toBe(404);
});
