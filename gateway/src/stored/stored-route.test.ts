import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { anonymous, CallerTokens } from '@hutong/common';
import type { GraphRequest } from '@hutong/rest-compat';
import express from 'express';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { storedRoute } from './stored-route.js';

const SECRET = 'the secret of this test';
const tokens = new CallerTokens(SECRET);
const caller = { ...anonymous, address: '203.0.113.7' };
const stored = { caller, origin: 'stored' } as const;
const asked: GraphRequest[] = [];
const graph = {
  execute: async (request: GraphRequest) => {
    asked.push(request);
    return { data: { me: null } };
  },
  revision: () => undefined,
  readiness: async () => ({ ready: true, message: 'ready' }),
};
const server = express().use(storedRoute(graph, tokens, { files: 1, fileBytes: 1_000_000, idleMs: 30_000 })).listen(0, '127.0.0.1');
beforeAll(() => (server.listening ? undefined : once(server, 'listening')));
beforeEach(() => void (asked.length = 0));
afterAll(() => void server.close());

const post = (token: string | undefined, body: unknown) =>
  fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/stored-operations`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': 'r-1', ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
const ME = { document: 'query Me { me { name } }', operationName: 'Me', variables: { first: 1 } };

test('an operation of another process runs as whoever its credential belongs to, from the address that the token tells', async () => {
  const response = await post(tokens.sign('gateway', stored), { ...ME, credential: 'ht_1', csrfToken: 'c' });
  expect(await response.json()).toEqual({ data: { me: null } });
  expect(asked).toEqual([{ ...ME, caller: { credential: 'ht_1', csrfToken: 'c', address: '203.0.113.7', requestId: 'r-1' }, signal: expect.any(AbortSignal) }]);
});

test('the user that the other process found an address to stand for is in its token, and nowhere else', async () => {
  await post(tokens.sign('gateway', { ...stored, caller: { ...caller, username: 'oj' } }), { ...ME, actsAs: 'admin' });
  expect(asked[0]?.caller).toEqual({ actsAs: 'oj', address: '203.0.113.7', requestId: 'r-1' });
});

test.each<[string, string | undefined]>([
  ['no token', undefined],
  ['a credential', 'ht_1'],
  ['a token for a subgraph', tokens.sign('machines', stored)],
  ['a token that is not for stored operations', tokens.sign('gateway', { ...stored, origin: 'client' })],
  ['a token of another platform', new CallerTokens('another secret altogether').sign('gateway', stored)],
])('with %s nothing runs', async (_, token) => {
  expect((await post(token, ME)).status).toBe(401);
  expect(asked).toEqual([]);
});

test('what is no operation is refused', async () => {
  for (const body of [{}, [], { ...ME, variables: 1 }]) expect((await post(tokens.sign('gateway', stored), body)).status).toBe(400);
  expect(asked).toEqual([]);
});
