import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor, admin, logIn, stranger } from '../testkit/actor.js';
import { sendAs, type HttpAnswer } from '../testkit/http.js';
import { ADMIN_PASSWORD, startBeside, startPlatform, type Platform } from '../testkit/platform.js';
import { SAMPLE_IDENTIFIER, sampleGraphReport } from '../testkit/sample.js';

// One credential everywhere, for as long as it is good and not a second longer; and to each what is theirs. Two processes
// on one database, or two gateways over the same subgraphs: what one is told, the other one knows.

const PATIENCE_MS = 10_000;

let platform: Platform;
let other: Platform;
let root: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { LOGIN_FAILURES_PER_USER_AND_ADDRESS: '3' } });
  other = await startBeside(platform);
  root = await admin(platform);
});
afterAll(async () => {
  await other?.dispose();
  await platform?.dispose();
});

/** A way to use a credential: the header that carries it, and what is asked. */
const HEADERS: Record<string, (credential: string) => Record<string, string>> = {
  token: (credential) => ({ token: credential }),
  'X-Auth-Token': (credential) => ({ 'x-auth-token': credential }),
  'Authorization: Bearer': (credential) => ({ authorization: `Bearer ${credential}` }),
};
const SURFACES: Record<string, { ask(at: Platform, headers: Record<string, string>): Promise<HttpAnswer>; allowed(answer: HttpAnswer): boolean }> = {
  GraphQL: {
    ask: (at, headers) => sendAs(stranger(at), { method: 'POST', path: '/graphql', body: { query: '{ me { username } machines { totalCount } }' }, headers }),
    allowed: ({ json }) => json.errors === undefined,
  },
  '互通': {
    ask: (at, headers) => sendAs(stranger(at), { path: '/api/v1/computing_resources/?page=1&page_size=1', headers }),
    allowed: ({ json }) => json.code === 0,
  },
  SimpleServerAPI: {
    ask: (at, headers) => sendAs(stranger(at), { path: '/api/info', headers }),
    allowed: ({ status }) => status === 200,
  },
};
const everywhere = () =>
  Object.entries(SURFACES).flatMap(([surface, { ask, allowed }]) =>
    [platform, other].map((at) => ({ surface, isAllowed: async (credential: string) => allowed(await ask(at, HEADERS['token']!(credential))) })),
  );

async function expectGood(credential: string): Promise<void> {
  for (const { surface, isAllowed } of everywhere()) expect(await isAllowed(credential), surface).toBe(true);
}

/** Carries out what must end a credential, and waits until it has ended everywhere; the time is told, a second is the aim. */
async function expectEnded(what: string, credential: string, end: () => Promise<unknown>): Promise<void> {
  await expectGood(credential);
  await end();
  const acknowledged = performance.now();
  const waiting = new Set(everywhere());
  while (waiting.size > 0) {
    for (const place of waiting) if (!(await place.isAllowed(credential))) waiting.delete(place);
    if (performance.now() - acknowledged > PATIENCE_MS) throw new Error(`${what}: still good for ${[...waiting].map(({ surface }) => surface).join(', ')} after ${PATIENCE_MS / 1000} s`);
    if (waiting.size > 0) await delay(10);
  }
  console.log(`${what}: ended everywhere ${Math.round(performance.now() - acknowledged)} ms after it was acknowledged`);
}

const codesOf = async (user: Actor, query: string, variables: Record<string, unknown> = {}) => (await user.graph(query, variables)).errors.map(({ extensions }) => extensions.code);

describe('a credential', () => {
  test.each(Object.keys(HEADERS).flatMap((header) => Object.keys(SURFACES).map((surface) => ({ header, surface }))))('works as $header for $surface', { tags: ['simple-server/rules/identity', 'interconnect/rules/identity'] }, async ({ header, surface }) => {
    const { ask, allowed } = SURFACES[surface]!;
    for (const at of [platform, other]) expect(allowed(await ask(at, HEADERS[header]!(root.credential!)))).toBe(true);
    expect(allowed(await ask(platform, HEADERS[header]!('ht_never-issued')))).toBe(false);
    expect(allowed(await ask(platform, {}))).toBe(false);
  });

  test('works at the other process as soon as it is given out', async () => {
    const alice = await actor(root, 'alice');
    expect((await new Actor(other, 'alice', alice.credential).ask('{ me { username roles } }')).me).toEqual({ username: 'alice', roles: ['MEMBER'] });
  });

  test('that is a ticket ends when its user logs out, and others of the user stay', { tags: ['simple-server/ticket/renewed'] }, async () => {
    const [one, two] = [await logIn(platform, 'alice', "alice's own password 1"), await logIn(platform, 'alice', "alice's own password 1")];
    await expectEnded('a ticket after logOut', one.credential!, () => one.ask('mutation { logOut }'));
    await expectGood(two.credential!);
  });

  test('that is renewed is another one, and the old one ends', { tags: ['simple-server/ticket/renewed'] }, async () => {
    const before = await logIn(platform, 'alice', "alice's own password 1");
    let renewed = '';
    await expectEnded('a ticket after renewTicket', before.credential!, async () => {
      const { renewTicket } = await before.ask('mutation { renewTicket { ticket expiresAt user { username } } }');
      renewed = renewTicket.ticket as string;
      expect(renewTicket.user.username).toBe('alice');
      expect(Date.parse(renewTicket.expiresAt as string) - Date.now()).toBeGreaterThan(7_100_000);
    });
    await expectGood(renewed);
  });

  test('ends when its user is disabled, an API token until the user is enabled again', async () => {
    const bob = await actor(root, 'bob');
    const { createApiToken } = await bob.ask('mutation { createApiToken(input: { name: "nightly", scopes: ["all"] }) { token } }');
    const update = (disabled: boolean) => root.ask('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { disabled } }', { input: { id: bob.userId, disabled } });
    await expectGood(bob.credential!);
    await expectEnded('an API token of a disabled user', createApiToken.token, () => update(true));
    expect(await codesOf(bob, '{ apiTokens { id } }')).toEqual(['UNAUTHENTICATED']);
    await expect(logIn(platform, 'bob', "bob's own password 1")).rejects.toThrow('401');
    await update(false);
    await expectGood(createApiToken.token as string);
    expect(await codesOf(bob, '{ apiTokens { id } }'), 'the session has ended for good').toEqual(['UNAUTHENTICATED']);
    await logIn(platform, 'bob', "bob's own password 1");
  });

  test('ends when an admin sets another password, and the new one logs in', async () => {
    const carol = await actor(root, 'carol');
    await expectEnded('a ticket after an admin’s changePassword', carol.credential!, () =>
      root.ask('mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }', { input: { userId: carol.userId, new: 'quite another 7' } }));
    await expect(logIn(platform, 'carol', "carol's own password 1")).rejects.toThrow('401');
    await logIn(other, 'carol', 'quite another 7');
  });

  test('ends when its user is deleted', async () => {
    const dave = await actor(root, 'dave');
    await expectEnded('a ticket of a deleted user', dave.credential!, () => root.ask('mutation ($id: ID!) { deleteUser(id: $id) }', { id: dave.userId }));
  });

  test('that is an API token ends when it is revoked', async () => {
    const { createApiToken } = await root.ask('mutation { createApiToken(input: { name: "short", scopes: ["all"] }) { token apiToken { id } } }');
    await expectEnded('an API token after revokeApiToken', createApiToken.token, () => root.ask('mutation ($id: ID!) { revokeApiToken(id: $id) }', { id: createApiToken.apiToken.id }));
  });

  test('follows its user’s roles within the same moment', async () => {
    const erin = await actor(root, 'erin');
    expect(await codesOf(erin, '{ users { totalCount } }')).toEqual(['FORBIDDEN']);
    await root.ask('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }', { input: { id: erin.userId, roles: ['ADMIN'] } });
    const deadline = Date.now() + PATIENCE_MS;
    while ((await codesOf(erin, '{ users { totalCount } }')).length > 0 && Date.now() < deadline) await delay(10);
    expect(await codesOf(erin, '{ users { totalCount } }')).toEqual([]);
    await root.ask('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }', { input: { id: erin.userId, roles: ['MEMBER'], disabled: true } });
  });
});

describe('the scopes of an API token', () => {
  const withScopes = async (...scopes: string[]) => {
    const { createApiToken } = await root.ask('mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { token } }', { input: { name: scopes.join(), scopes } });
    return new Actor(platform, scopes.join(), createApiToken.token as string);
  };

  test('limit it on every surface', async () => {
    const reader = await withScopes('machines:read');
    expect((await reader.simpleServer('GET', 'info')).status).toBe(200);
    expect(await codesOf(reader, '{ machines { totalCount } }')).toEqual([]);
    expect(await codesOf(reader, 'mutation { saveMachines(input: { machines: [{ id: "1", cpus: 1, status: RUNNING, memoryBytes: 1, gpu: "", ip: "10.0.0.1" }] }) { id } }')).toEqual(['FORBIDDEN']);
    expect(await codesOf(reader, '{ tasks { totalCount } }')).toEqual(['FORBIDDEN']);
    expect((await reader.interconnect('GET', 'computing_resources/?page=1&page_size=1')).body).toMatchObject({ code: 403, data: {} });
    const registry = await withScopes('compute-registry:read', 'compute-registry:write');
    expect((await registry.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] })).body.code).toBe(0);
    expect((await registry.simpleServer('GET', 'info')).status).toBe(403);
  });

  test('let a task be submitted although scheduling asks another subgraph for it', async () => {
    const scheduler = await withScopes('scheduling:write');
    expect((await scheduler.interconnect('POST', 'query_computing_resources_by_task_template/', { gpu_model: 'nothing has this' })).body.code).toBe(0);
  });

  test('are not widened by making another token with it, nor does it act as a session', async () => {
    const narrow = await withScopes('machines:write');
    expect(await codesOf(narrow, 'mutation { createApiToken(input: { name: "wide", scopes: ["all"] }) { token } }')).toEqual(['FORBIDDEN']);
    expect(await codesOf(narrow, 'mutation { renewTicket { ticket } }')).toEqual(['FORBIDDEN']);
    expect(await codesOf(narrow, 'mutation { logOut }')).toEqual(['FORBIDDEN']);
  });
});

describe('logging in', () => {
  const attempt = async (username: string, password: string) =>
    (await stranger(platform).graph('mutation ($input: LogInInput!) { logIn(input: $input) { ticket } }', { input: { username, password } })).errors[0]?.extensions;

  test('is throttled after a few failures, says for how long, and a right password does not pass meanwhile', async () => {
    await actor(root, 'frank');
    for (let tries = 0; tries < 3; tries++) expect(await attempt('frank', `guess ${tries}`)).toMatchObject({ code: 'WRONG_CREDENTIALS' });
    expect(await attempt('frank', "frank's own password 1")).toMatchObject({ code: 'TOO_MANY_LOGINS', retryAfterSeconds: expect.any(Number) });
    expect(await attempt('FRANK', 'guess'), 'whatever the capitals').toMatchObject({ code: 'TOO_MANY_LOGINS' });
    const legacy = await sendAs(stranger(platform), { method: 'POST', path: '/api/ticket', body: { username: 'frank', password: 'guess' } });
    expect([legacy.status, Number(legacy.headers['retry-after']) > 0]).toEqual([429, true]);
    await logIn(platform, 'admin', ADMIN_PASSWORD);
  });

  test('takes no X-Forwarded-For from anybody who is no trusted proxy', async () => {
    const forged = (n: number) => sendAs(stranger(platform), { method: 'POST', path: '/api/ticket', body: { username: 'frank', password: 'guess' }, headers: { 'x-forwarded-for': `198.51.100.${n}` } });
    for (let n = 1; n <= 3; n++) expect((await forged(n)).status).toBe(429);
  });
});

test('a provider registers and reports for its own organization only', async () => {
  const provider = await actor(root, 'sugon', { roles: ['PROVIDER'], organization: '20004' });
  const foreign = SAMPLE_IDENTIFIER.replace('20004', '20005');
  const register = (values: string[]) => codesOf(provider, 'mutation ($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { __typename } }', { input: { values } });
  const report = (identifier: string) => codesOf(provider, 'mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { __typename } }', { input: { reports: [sampleGraphReport({ identifier })] } });
  expect([await register([SAMPLE_IDENTIFIER]), await report(SAMPLE_IDENTIFIER)]).toEqual([[], []]);
  expect([await register([SAMPLE_IDENTIFIER, foreign]), await report(foreign)]).toEqual([['FORBIDDEN'], [expect.stringMatching(/^FORBIDDEN$|^IDENTIFIER_NOT_REGISTERED$/)]]);
});
