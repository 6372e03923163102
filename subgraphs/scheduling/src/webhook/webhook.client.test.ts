import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { answers, webhookServer, type WebhookServer } from '../testkit/webhook.server.js';
import type { Resolve } from './guarded-agent.js';
import { NetworkPolicy } from './network.policy.js';
import { WebhookClient, type WebhookCall } from './webhook.client.js';

let server: WebhookServer;
let client: WebhookClient;
beforeAll(async () => {
  server = await webhookServer();
  client = new WebhookClient(new NetworkPolicy(['127.0.0.1/32']));
});
afterAll(async () => {
  await client.stop();
  await server.stop();
});

const call = (of: Partial<WebhookCall> = {}): WebhookCall => ({
  organization: '20004',
  url: server.url,
  secret: 'a secret of sixteen',
  timeoutMs: 5_000,
  budgetMs: 20_000,
  idempotencyKey: 'b2f3c1de-0000-4000-8000-000000000001',
  body: { task_id: 7, computing_resource_id: 9, computing_id: '1101tc200044013301502601009', template: { note: '互通 😀' } },
  ...of,
});

const OK = answers(200, '{"url":"https://provider.example/7"}');
const failure = (of?: Partial<WebhookCall>, by = client) => by.allocate(call(of)).then(
  (url) => Promise.reject(new Error(`answered ${url}`)),
  (error: { code: string; message: string }) => `${error.code}: ${error.message}`,
);

test('the call carries the task, and a signature over timestamp and body that the receiver can check', async () => {
  server.behave(OK);
  expect(await client.allocate(call())).toBe('https://provider.example/7');
  const [{ headers, body }] = server.received as [(typeof server.received)[0]];
  expect(JSON.parse(body)).toEqual({ task_id: 7, computing_resource_id: 9, computing_id: '1101tc200044013301502601009', template: { note: '互通 😀' } });
  expect(headers['content-type']).toBe('application/json');
  expect(headers['idempotency-key']).toBe('b2f3c1de-0000-4000-8000-000000000001');
  const timestamp = String(headers['x-hutong-timestamp']);
  expect(Math.abs(Number(timestamp) - Date.now() / 1_000)).toBeLessThan(60);
  expect(headers['x-hutong-signature']).toBe(`sha256=${createHmac('sha256', 'a secret of sixteen').update(`${timestamp}.${body}`).digest('hex')}`);
  expect(JSON.stringify(server.received)).not.toContain('a secret of sixteen');
});

test('what may pass is tried again under the same idempotency key', async () => {
  server.behave((response, tried, request) => (tried === 3 ? OK : answers(500, 'oops'))(response, tried, request));
  expect(await client.allocate(call())).toBe('https://provider.example/7');
  expect(server.received).toHaveLength(3);
  expect(new Set(server.received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
});

test('a connection that is reset is tried again', async () => {
  server.behave((response, tried, request) => (tried === 1 ? void request.socket.resetAndDestroy() : OK(response, tried, request)));
  expect(await client.allocate(call())).toBe('https://provider.example/7');
  expect(server.received).toHaveLength(2);
});

test('after three tries it is over', async () => {
  server.behave(answers(503, ''));
  expect(await failure()).toBe('PROVIDER_UNREACHABLE: the webhook of provider 20004 gave no usable answer: it answered 503');
  expect(server.received).toHaveLength(3);
  server.behave((_, __, request) => void request.socket.resetAndDestroy());
  expect(await failure()).toContain('PROVIDER_UNREACHABLE: the webhook of provider 20004 gave no usable answer: the connection failed');
  expect(server.received).toHaveLength(3);
});

test('a refusal is final', async () => {
  for (const status of [400, 401, 403, 404, 409, 418]) {
    server.behave(answers(status, 'a stack trace with a secret'));
    expect(await failure()).toBe(`PROVIDER_REFUSED: the provider 20004 refused the task: its webhook answered ${status}`);
    expect(server.received).toHaveLength(1);
  }
});

test('too many requests are tried again when Retry-After has passed, and given up when it asks for more time than there is', async () => {
  server.behave((response, tried, request) => (tried === 2 ? OK : answers(429, '', { 'retry-after': '1' }))(response, tried, request));
  expect(await client.allocate(call())).toBe('https://provider.example/7');
  server.behave(answers(429, '', { 'retry-after': '3600' }));
  expect(await failure()).toContain('it answered 429');
  expect(server.received).toHaveLength(1);
});

test('a server that does not answer in time is tried again, within the time for all tries', async () => {
  server.behave(() => {});
  expect(await failure({ timeoutMs: 500 })).toContain('it did not answer within 0.5 s');
  expect(server.received).toHaveLength(3);
  server.behave(() => {});
  expect(await failure({ timeoutMs: 5_000, budgetMs: 500 })).toContain('it did not answer within 0.5 s');
  expect(server.received).toHaveLength(1);
});

test('a server that begins to answer and never ends does not hold the task', async () => {
  server.behave((response) => void response.writeHead(200).write('{"url":'));
  expect(await failure({ timeoutMs: 100 })).toContain('it did not answer within 0.1 s');
});

test('redirects are not followed', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    server.behave((response, tried, request) => (tried === 1 ? answers(status, '', { location: server.url }) : OK)(response, tried, request));
    expect(await failure()).toBe(`PROVIDER_UNREACHABLE: the webhook of provider 20004 gave no usable answer: it answered with a redirect (${status}), which is not followed`);
    expect(server.received).toHaveLength(1);
  }
});

test('rubbish is refused for what is wrong with it', async () => {
  const rubbish: [string, string][] = [
    ['', 'something other than a JSON object'],
    ['<html>', 'something other than a JSON object'],
    ['"https://x.example"', 'something other than a JSON object'],
    ['[]', 'has no "url"'],
    ['null', 'something other than a JSON object'],
    ['{}', 'has no "url"'],
    ['{"url":7}', 'has no "url"'],
    ['{"url":""}', 'an http or https URL'],
    ['{"url":"/relative"}', 'an http or https URL'],
    ['{"url":"javascript:alert(1)"}', 'an http or https URL'],
    ['{"url":"file:///etc/passwd"}', 'an http or https URL'],
    ['{"url":"https://user:pw@x.example"}', 'a URL without user and password'],
    ['{"url":"https://x.example/\\u0000"}', 'a URL without whitespace and control characters'],
    ['{"url":"https://x.example/a b"}', 'a URL without whitespace and control characters'],
    ['{"url":"https://x.example/\\ud800"}', 'a URL without whitespace and control characters'],
    [`{"url":"https://x.example/${'a'.repeat(2_048)}"}`, 'at most 2048 characters long'],
  ];
  for (const [body, problem] of rubbish) {
    server.behave(answers(200, body));
    const message = await failure();
    expect(message, body).toContain('PROVIDER_UNREACHABLE');
    expect(message, body).toContain(problem);
    expect(server.received).toHaveLength(1);
  }
});

test('an answer that is too large is not read to its end', async () => {
  server.behave(answers(200, `{"url":"https://x.example","pad":"${'x'.repeat(70_000)}"}`));
  expect(await failure()).toContain('it answered more than 65536 bytes');
  expect(server.received).toHaveLength(1);
});

test('private addresses are not connected to, in whatever form they are written', async () => {
  const guarded = new WebhookClient(new NetworkPolicy([]));
  onTestFinished(() => guarded.stop());
  server.behave(OK);
  const { port } = server;
  for (const host of ['127.0.0.1', 'localhost', '2130706433', '0x7f.1', '017700000001', '[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '0.0.0.0', '[::]']) {
    expect(await failure({ url: `http://${host}:${port}/` }, guarded), host).toBe(
      'PROVIDER_UNREACHABLE: the webhook of provider 20004 gave no usable answer: its address is not one that this platform connects to',
    );
  }
  expect(server.received).toHaveLength(0);
});

test('a name that resolves to a private address is not connected to', async () => {
  const resolve: Resolve = (_host, _options, callback) => callback(null, [{ address: '127.0.0.1', family: 4 }, { address: '::ffff:10.0.0.1', family: 6 }]);
  const guarded = new WebhookClient(new NetworkPolicy([]), resolve);
  onTestFinished(() => guarded.stop());
  server.behave(OK);
  expect(await failure({ url: `http://provider.example:${server.port}/` }, guarded)).toContain('its address is not one that this platform connects to');
  expect(server.received).toHaveLength(0);
});

test('the connection is made to the address that was checked, whatever the name resolves to a moment later', async () => {
  let asked = 0;
  const rebinding: Resolve = (_host, _options, callback) => callback(null, [{ address: ++asked === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
  const guarded = new WebhookClient(new NetworkPolicy(['127.0.0.1/32']), rebinding);
  onTestFinished(() => guarded.stop());
  server.behave(OK);
  expect(await guarded.allocate(call({ url: `http://provider.example:${server.port}/` }))).toBe('https://provider.example/7');
  expect(asked).toBe(1);
});

test('of several addresses only the permitted ones are connected to', async () => {
  const resolve: Resolve = (_host, _options, callback) => callback(null, [{ address: '127.0.0.9', family: 4 }, { address: '127.0.0.1', family: 4 }]);
  const guarded = new WebhookClient(new NetworkPolicy(['127.0.0.1/32']), resolve);
  onTestFinished(() => guarded.stop());
  server.behave(OK);
  expect(await guarded.allocate(call({ url: `http://provider.example:${server.port}/` }))).toBe('https://provider.example/7');
});

test('a name that does not resolve is unreachable', async () => {
  const resolve: Resolve = (_host, _options, callback) => callback(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }), []);
  const lost = new WebhookClient(new NetworkPolicy([]), resolve);
  onTestFinished(() => lost.stop());
  expect(await failure({ url: 'http://nowhere.example/' }, lost)).toContain('PROVIDER_UNREACHABLE');
});
