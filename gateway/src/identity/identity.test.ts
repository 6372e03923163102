import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway();
  await vi.waitUntil(() => gateway.subgraphs.listeners === 1);
});
afterAll(() => gateway.stop());

const ME = '{ me { name } }';
const me = (headers: Record<string, string>) => gateway.ask(ME, { headers });
const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

test.each([
  ['Authorization', (credential: string) => bearer(credential)],
  ['Authorization in small letters', (credential: string) => ({ authorization: `bearer ${credential}` })],
  ['X-Auth-Token', (credential: string) => ({ 'x-auth-token': credential })],
  ['token', (credential: string) => ({ token: credential })],
  ['two headers that agree', (credential: string) => ({ token: credential, ...bearer(credential) })],
])('a credential counts in %s', async (_where, headers) => {
  expect((await me(headers(gateway.subgraphs.credential('alice')))).data).toEqual({ me: { name: 'alice' } });
});

test('without a credential the caller is anonymous', async () => {
  const { status, data, errors } = await gateway.ask(ME);
  expect([status, data, errors[0]?.extensions.code]).toEqual([200, { me: null }, 'UNAUTHENTICATED']);
});

test.each([
  ['unknown', bearer('nobody-knows-me')],
  ['empty', { authorization: 'Bearer' }],
  ['of another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
])('a credential that is %s is refused for the whole request, never taken for anonymous', async (_what, headers) => {
  const { status, data, errors, headers: answered } = await gateway.ask('{ people { nodes { id } } }', { headers });
  expect([status, data, errors[0]?.extensions.code]).toEqual([401, undefined, 'UNAUTHENTICATED']);
  expect(answered.get('www-authenticate')).toBe('Bearer');
});

test('two headers that disagree are refused', async () => {
  const { credential } = { credential: gateway.subgraphs.credential('alice') };
  expect((await me({ token: gateway.subgraphs.credential('bob'), ...bearer(credential) })).errors[0]?.extensions.code).toBe('BAD_INPUT');
});

test('the caller that a subgraph sees has the roles, scopes and address of the request', async () => {
  const credential = gateway.subgraphs.credential('pat', { roles: ['PROVIDER'], organization: '20004', scopes: ['people:read'] });
  gateway.subgraphs.asked.length = 0;
  await me(bearer(credential));
  const { caller, origin } = gateway.subgraphs.asked.at(-1)!;
  expect(origin).toBe('client');
  expect(caller).toEqual({ userId: 'user-pat', username: 'pat', roles: ['PROVIDER'], organization: '20004', scopes: ['people:read'], credentialId: `id-${credential}`, address: '127.0.0.1' });
});

test('a credential is asked for once, however many requests come at the same time', async () => {
  const credential = gateway.subgraphs.credential('alice');
  const before = gateway.subgraphs.lookups;
  await Promise.all(Array.from({ length: 20 }, () => me(bearer(credential))));
  await me(bearer(credential));
  expect(gateway.subgraphs.lookups - before).toBe(1);
});

test('a revoked credential stops working at once', async () => {
  const credential = gateway.subgraphs.credential('alice');
  expect((await me(bearer(credential))).status).toBe(200);
  gateway.subgraphs.revoke(credential);
  await expect.poll(async () => (await me(bearer(credential))).status, { timeout: 1_000, interval: 10 }).toBe(401);
});

test('a credential that expires is not believed beyond its time', async () => {
  const credential = gateway.subgraphs.credential('alice', { expiresAt: new Date(Date.now() + 200).toISOString() });
  expect((await me(bearer(credential))).status).toBe(200);
  await expect.poll(async () => (await me(bearer(credential))).status, { timeout: 1_000, interval: 20 }).toBe(401);
});

test('nor is one whose time is over by the clock while the process slept', async () => {
  const credential = gateway.subgraphs.credential('alice', { expiresAt: new Date(Date.now() + 60_000).toISOString() });
  expect((await me(bearer(credential))).data).toEqual({ me: { name: 'alice' } });
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 60_001 });
  const { errors } = await me(bearer(credential)).finally(() => vi.useRealTimers());
  expect(errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
});

test('while revocations cannot be heard nothing is remembered, and afterwards it is again', async () => {
  const credential = gateway.subgraphs.credential('alice');
  await me(bearer(credential));
  const known = () => gateway.identity.known({ credential });
  expect(known()).toBeDefined();
  const connection = gateway.connections.get('people')!;
  gateway.connections.set('people', { ...connection, name: 'people', execute: (request) => connection.execute(request), subscribe: () => Promise.reject(new Error('down')), ready: () => connection.ready() });
  gateway.subgraphs.breakStream();
  await expect.poll(known).toBeUndefined();
  const before = gateway.subgraphs.lookups;
  await me(bearer(credential));
  await me(bearer(credential));
  expect(gateway.subgraphs.lookups - before).toBe(2);
  gateway.connections.set('people', connection);
  await expect.poll(() => gateway.subgraphs.listeners, { timeout: 3_000 }).toBe(1);
  await expect.poll(async () => (await me(bearer(credential)), known())).toBeDefined();
});

test('when credentials cannot be looked up, a request with one is told so and one without is answered', async () => {
  const connection = gateway.connections.get('people')!;
  gateway.connections.delete('people');
  const [withOne, without] = [await me(bearer('whatever')), await gateway.ask('{ things { label } }')];
  gateway.connections.set('people', connection);
  expect([withOne.status, withOne.errors[0]?.extensions.code]).toEqual([503, 'SUBGRAPH_UNAVAILABLE']);
  expect(without.data.things).toHaveLength(3);
});

test('a CSRF token is checked when it is sent', async () => {
  const credential = gateway.subgraphs.credential('alice', { csrfToken: 'right' });
  expect((await me(bearer(credential))).status).toBe(200);
  expect((await me({ ...bearer(credential), CSRFPreventionToken: 'right' })).status).toBe(200);
  const { status, errors } = await me({ ...bearer(credential), CSRFPreventionToken: 'wrong' });
  expect([status, errors[0]?.extensions.code]).toEqual([403, 'CSRF_TOKEN_WRONG']);
  const token = gateway.subgraphs.credential('robot');
  expect((await me({ ...bearer(token), CSRFPreventionToken: 'right' })).status).toBe(403);
});

test('the address behind a trusted proxy is the one it tells, and nobody else is believed', async () => {
  const trusting = await testGateway({ TRUSTED_PROXIES: '127.0.0.0/8' });
  try {
    for (const [at, address] of [[trusting, '203.0.113.7'], [gateway, '127.0.0.1']] as const) {
      at.subgraphs.asked.length = 0;
      await at.ask('{ people { nodes { id } } }', { headers: { 'x-forwarded-for': '203.0.113.7' } });
      expect(at.subgraphs.asked.at(-1)!.caller.address).toBe(address);
    }
  } finally {
    await trusting.stop();
  }
});

const address = '203.0.113.9';

test('a caller who asks again from the same address is the same object, so that what is remembered of it is found', async () => {
  const { identity, subgraphs } = gateway;
  for (const shown of [{}, { credential: subgraphs.credential('alice') }]) {
    const first = await identity.callerOf(shown, address, 'r-1');
    expect(await identity.callerOf(shown, address, 'r-2')).toBe(first);
    expect(await identity.callerOf(shown, '203.0.113.10', 'r-3')).toEqual({ ...first, address: '203.0.113.10' });
  }
});

test('a user whom an address stands for is looked up once, and not any more when it is disabled', async () => {
  const { identity, subgraphs } = gateway;
  subgraphs.user('oj');
  const before = subgraphs.lookups;
  const actsAs = () => identity.callerOf({ actsAs: 'oj' }, address, 'r-1');
  expect(await actsAs()).toEqual({ userId: 'user-oj', username: 'oj', roles: ['MEMBER'], organization: null, scopes: null, credentialId: null, address });
  await actsAs();
  expect(subgraphs.lookups - before).toBe(1);
  subgraphs.disable('oj');
  await expect.poll(() => actsAs().catch(({ code }: { code: string }) => code), { timeout: 1_000 }).toBe('UNAUTHENTICATED');
});

test('a credential counts before the address, and is never taken for the name of a user', async () => {
  const { identity, subgraphs } = gateway;
  subgraphs.user('carol');
  await identity.callerOf({ actsAs: 'carol' }, address, 'r-1');
  expect(await identity.callerOf({ credential: subgraphs.credential('dave'), actsAs: 'carol' }, address, 'r-1')).toMatchObject({ username: 'dave' });
  for (const credential of ['carol', 'username carol', 'unknown']) {
    await expect(identity.callerOf({ credential, actsAs: 'carol' }, address, 'r-1')).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});
