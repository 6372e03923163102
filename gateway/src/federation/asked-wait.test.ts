import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { transports } from '../testkit/transports.js';

// Where one second is the longest that anything may take, but for what asks to wait.

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway({ REQUEST_TIMEOUT_SECONDS: '1', SUBGRAPH_TIMEOUT_SECONDS: '1' });
});
afterAll(() => gateway.stop());

const MILLISECONDS = 1_500;

describe.each(transports)('over %s', (_, ask) => {
  test.each<[string, string, Record<string, unknown>]>([
    ['in the document', `mutation { nap(waitSeconds: 2, milliseconds: ${MILLISECONDS}) }`, {}],
    ['in a variable', `mutation ($for: Int) { nap(waitSeconds: $for, milliseconds: ${MILLISECONDS}) }`, { for: 2 }],
    ['in an input object', 'mutation ($input: NapInput) { nap(input: $input) }', { input: { waitSeconds: 2, milliseconds: MILLISECONDS } }],
  ])('a mutation that asks %s to wait has the time for it', async (_where, query, variables) => {
    expect(await ask(gateway, query, variables)).toMatchObject({ data: { nap: 'rested' } });
  });

  test('one that does not has the usual time', async () => {
    const { errors } = await ask(gateway, `mutation { nap(milliseconds: ${MILLISECONDS}) }`);
    expect(errors[0]?.extensions.code).toMatch(/^(TIMEOUT|SUBGRAPH_UNAVAILABLE)$/);
  });
});

test('a caller that hangs up ends it', async () => {
  const gone = new AbortController();
  const before = gateway.subgraphs.aborted;
  const asked = gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ query: 'mutation { nap(waitSeconds: 60, milliseconds: 60000) }' }), signal: gone.signal });
  await delay(100);
  gone.abort();
  await expect(asked).rejects.toThrow('abort');
  await expect.poll(() => gateway.subgraphs.aborted).toBe(before + 1);
});
