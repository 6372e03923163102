import type { RequestListener } from 'node:http';
import { httpServer } from '@hutong/common/testkit';
import { expect, test } from 'vitest';
import { freePort } from '../testkit/free-port.js';
import { startServer } from '../testkit/server-process.js';

// The legacy contracts in a process of their own, over a gateway that does not do its part. What they do over one that does
// is in test/contracts.

const HUTONG_SECRET = 'the secret of both processes';

async function expectUnavailable(url: string): Promise<void> {
  const info = await fetch(`${url}/api/info`, { headers: { 'x-auth-token': 'ht_1' } });
  expect([info.status, await info.json()]).toEqual([503, { detail: expect.stringContaining('gateway') }]);
  const zones = await fetch(`${url}/api/v1/computing_resources/?page=1&page_size=10`, { headers: { token: 'ht_1' } });
  expect(await zones.json()).toEqual({ code: 500, message: expect.stringContaining('gateway'), data: {} });
}

test('a gateway that is down is told in the words of each contract, and a signal ends the process', async () => {
  const contracts = await startServer('rest-compat/dist/main.js', { HUTONG_SECRET, GATEWAY_URL: `http://127.0.0.1:${await freePort()}` });
  try {
    await expectUnavailable(contracts.url);
    expect((await fetch(`${contracts.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${contracts.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${contracts.url}/graphql`)).status).toBe(404);
  } finally {
    expect(await contracts.stop()).toBe(0);
  }
});

test.each<[string, RequestListener]>([
  ['that refuses our token', (_, response) => response.writeHead(401).end('{}')],
  ['that fails', (_, response) => response.writeHead(500).end('no')],
  ['that answers rubbish', (_, response) => response.end('<html>')],
  ['that answers what is no result', (_, response) => response.end('{"data":[1]}')],
  ['that breaks off', (_, response) => response.writeHead(200, { 'content-length': '100' }).write('{"data"', () => response.destroy())],
])('neither does a gateway %s bring it down', async (_, answers) => {
  await using gateway = await httpServer(answers);
  const contracts = await startServer('rest-compat/dist/main.js', { HUTONG_SECRET, GATEWAY_URL: gateway.url });
  try {
    await expectUnavailable(contracts.url);
  } finally {
    expect(await contracts.stop()).toBe(0);
  }
});

test('a gateway that is too slow is TIMEOUT', async () => {
  await using gateway = await httpServer(() => undefined);
  const contracts = await startServer('rest-compat/dist/main.js', { HUTONG_SECRET, GATEWAY_URL: gateway.url, REQUEST_TIMEOUT_SECONDS: '1' });
  try {
    expect((await fetch(`${contracts.url}/api/info`, { headers: { 'x-auth-token': 'ht_1' } })).status).toBe(504);
  } finally {
    expect(await contracts.stop()).toBe(0);
  }
});
