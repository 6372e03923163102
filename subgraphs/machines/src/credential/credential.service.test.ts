import { ConnectedPeers, openSubgraph, silentLog, type Caller } from '@hutong/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TEST_SECRET } from '@hutong/common/testkit';
import { machinesUnderTest, root, type Actor, type MachinesUnderTest } from '../testkit/machines.kit.js';
import { machinesSubgraph } from '../subgraph.js';
import { hashOf, kindOfCredential, newCredential } from './credential.text.js';

const CREATE_TOKEN = 'mutation ($input: CreateApiTokenInput!) { createApiToken(input: $input) { token apiToken { id name scopes createdAt expiresAt lastUsedAt } } }';
const RENEW = 'mutation { renewTicket { ticket csrfPreventionToken expiresAt } }';
const RESOLVE = 'query ($credential: String!) { resolveCredential(credential: $credential) { credentialId userId scopes expiresAt csrfHash } }';
const HOUR = 3_600_000;

let machines: MachinesUnderTest;
let alice: Actor;
beforeAll(async () => {
  machines = await machinesUnderTest();
  alice = await machines.actor('alice');
});
afterAll(() => machines.stop());

const resolve = async (credential: string) => (await machines.did(RESOLVE, { origin: 'peer', variables: { credential } })).resolveCredential;
const createToken = (input: object, as: Caller = alice.caller) => machines.ask(CREATE_TOKEN, { as, variables: { input } });

/** Collects what the stream of ended credentials says, until the wanted ids came. */
async function revocationsDuring(work: () => Promise<unknown>, wanted: number): Promise<string[]> {
  const stream = await machines.listen('subscription { credentialRevoked }', { origin: 'peer' });
  await work();
  const ids: string[] = [];
  while (ids.length < wanted) ids.push((await stream.next()).value.data.credentialRevoked);
  await stream.return?.();
  return ids;
}

test('a ticket lasts two hours from its login, used or not', { tags: ['simple-server/ticket/two-hours'] }, async () => {
  const { data } = await machines.logIn('alice', 'password of alice');
  const { ticket, expiresAt } = data.logIn;
  expect(new Date(expiresAt).getTime() - machines.clock.now.getTime()).toBe(2 * HOUR);
  machines.clock.advance(2 * HOUR - 1);
  expect(await resolve(ticket)).toMatchObject({ expiresAt });
  machines.clock.advance(1);
  expect(await resolve(ticket)).toBeNull();
  alice = { ...alice, ...(await sessionOf('alice')) };
});

async function sessionOf(username: string): Promise<{ ticket: string; caller: Caller }> {
  const { ticket } = (await machines.logIn(username, `password of ${username}`)).data.logIn;
  return { ticket, caller: (await machines.callerOf(ticket))! };
}

test('a session that was begun with a credential is known by its id, as long as the credential is good', async () => {
  const byId = async (credentialId: string) =>
    (await machines.did('query ($credentialId: ID!) { resolveCredentialById(credentialId: $credentialId) { credentialId userId username roles organization scopes expiresAt csrfHash } }', { origin: 'peer', variables: { credentialId } })).resolveCredentialById;
  const { ticket, caller } = await sessionOf('alice');
  const all = 'query ($credential: String!) { resolveCredential(credential: $credential) { credentialId userId username roles organization scopes expiresAt csrfHash } }';
  const { resolveCredential } = await machines.did(all, { origin: 'peer', variables: { credential: ticket } });
  expect(await byId(caller.credentialId!)).toEqual(resolveCredential);
  const { data } = await createToken({ name: 'for a session', scopes: ['ai-arts:read'] }, caller);
  expect(await byId(data.createApiToken.apiToken.id)).toMatchObject({ username: 'alice', scopes: ['ai-arts:read'] });
  for (const unknown of ['nonsense', '00000000-0000-4000-8000-000000000000', ticket]) expect(await byId(unknown)).toBeNull();
  await machines.did('mutation { logOut }', { as: caller });
  expect(await byId(caller.credentialId!)).toBeNull();
});

test('a user may have many tickets, each with a CSRF token of its own', async () => {
  const sessions = await Promise.all(Array.from({ length: 30 }, () => machines.logIn('alice', 'password of alice')));
  const tickets = sessions.map(({ data }) => data.logIn.ticket as string);
  expect(new Set(tickets).size).toBe(30);
  for (const { data } of sessions) {
    const { csrfHash, scopes } = await resolve(data.logIn.ticket);
    expect(csrfHash).toBe(hashOf(data.logIn.csrfPreventionToken).toString('hex'));
    expect(scopes).toBeNull();
  }
});

test('a database holds neither tickets, tokens nor passwords', { tags: ['simple-server/ticket/hashed'] }, async () => {
  const { ticket } = await sessionOf('alice');
  const { data } = await createToken({ name: 'hidden', scopes: ['all'] });
  const { em } = machines.services.ownScope();
  const dump = JSON.stringify([
    await em.getConnection().execute('select *, ticket_hash::text as t from machines.session'),
    await em.getConnection().execute('select *, token_hash::text as t from machines.api_token'),
    await em.getConnection().execute('select * from machines.user_account'),
  ]);
  for (const secret of [ticket, data.createApiToken.token, 'password of alice']) {
    expect(dump).not.toContain(secret);
    expect(dump).not.toContain(Buffer.from(secret).toString('hex'));
  }
});

test('renewing gives a full session and ends the old ticket', async () => {
  const { ticket, caller } = await sessionOf('alice');
  machines.clock.advance(HOUR);
  const revoked = await revocationsDuring(async () => {
    const { renewTicket } = await machines.did(RENEW, { as: caller });
    expect(new Date(renewTicket.expiresAt).getTime() - machines.clock.now.getTime()).toBe(2 * HOUR);
    expect(await resolve(renewTicket.ticket)).toMatchObject({ userId: alice.id });
    expect(await resolve(ticket)).toBeNull();
  }, 1);
  expect(revoked).toEqual([caller.credentialId]);
  expect((await machines.failure(RENEW, { as: caller })).extensions.code).toBe('UNAUTHENTICATED');
});

test('of ten renewals of one ticket at once one succeeds', async () => {
  const { caller } = await sessionOf('alice');
  const answers = await Promise.all(Array.from({ length: 10 }, () => machines.ask(RENEW, { as: caller })));
  expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
});

test('logging out ends this ticket alone and tells the gateways', async () => {
  const [first, second] = [await sessionOf('alice'), await sessionOf('alice')];
  expect(await revocationsDuring(() => machines.did('mutation { logOut }', { as: first.caller }), 1)).toEqual([first.caller.credentialId]);
  expect(await resolve(first.ticket)).toBeNull();
  expect(await resolve(second.ticket)).not.toBeNull();
});

test('disabling, changing roles, a new password and deletion each tell the user’s id', async () => {
  const bob = await machines.actor('bob');
  const UPDATE = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }';
  const as = root;
  for (const work of [
    () => machines.did(UPDATE, { as, variables: { input: { id: bob.id, roles: ['PROVIDER'] } } }),
    () => machines.did(UPDATE, { as, variables: { input: { id: bob.id, disabled: true } } }),
    () => machines.did('mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }', { as, variables: { input: { userId: bob.id, new: 'a new password' } } }),
    () => machines.did('mutation ($id: ID!) { deleteUser(id: $id) }', { as, variables: { id: bob.id } }),
  ]) {
    expect(await revocationsDuring(work, 1)).toEqual([bob.id]);
  }
});

test('a revocation does not wait for a long transaction of somebody else', async () => {
  const { caller } = await sessionOf('alice');
  const other = machines.services.ownScope().em;
  await other.transactional(async (em) => {
    await em.getConnection().execute(`insert into machines.login_throttle values ('\\x00', 0, now())`, [], 'run', em.getTransactionContext());
    expect(await revocationsDuring(() => machines.did('mutation { logOut }', { as: caller }), 1)).toEqual([caller.credentialId]);
  });
});

test('a stream that may have missed a revocation fails instead of going on', async () => {
  const stream = await machines.listen('subscription { credentialRevoked }', { origin: 'peer' });
  const { em } = machines.services.ownScope();
  const failed = expect(stream.next()).rejects.toMatchObject({ code: 'SUBGRAPH_UNAVAILABLE' });
  await em.getConnection().execute(`select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'hutong machines events'`);
  await failed;
  // It comes back by itself.
  await expect.poll(() => machines.listen('subscription { credentialRevoked }', { origin: 'peer' }).then((again) => again.return?.().then(() => true), () => false), { timeout: 10_000 }).toBe(true);
});

test('nobody but a peer resolves credentials or hears of revocations', async () => {
  const variables = { credential: alice.ticket };
  expect((await machines.failure(RESOLVE, { as: root, variables })).extensions.code).toBe('FORBIDDEN');
  await expect(machines.listen('subscription { credentialRevoked }', { as: root })).rejects.toThrow('FORBIDDEN');
});

test('an API token works with its scopes until it is revoked', async () => {
  const { data } = await createToken({ name: ' nightly report ', scopes: ['compute-registry:write', 'machines:read', 'machines:read'] });
  const { token, apiToken } = data.createApiToken;
  expect(apiToken).toMatchObject({ name: ' nightly report ', scopes: ['compute-registry:write', 'machines:read'], expiresAt: null, lastUsedAt: null });
  expect(await resolve(token)).toMatchObject({ credentialId: apiToken.id, userId: alice.id, scopes: ['compute-registry:write', 'machines:read'], csrfHash: null, expiresAt: null });
  const caller = (await machines.callerOf(token))!;
  expect((await machines.did('{ apiTokens { id } }', { as: caller })).apiTokens).toContainEqual({ id: apiToken.id });
  expect((await machines.failure(CREATE_TOKEN, { as: caller, variables: { input: { name: 'x', scopes: ['all'] } } })).message).toContain('machines:write');
  expect(await revocationsDuring(() => machines.did('mutation ($id: ID!) { revokeApiToken(id: $id) }', { as: alice.caller, variables: { id: apiToken.id } }), 1)).toEqual([apiToken.id]);
  expect(await resolve(token)).toBeNull();
});

test('a token cannot make one that may do more than itself, nor log out or renew', async () => {
  const { data } = await createToken({ name: 'limited', scopes: ['machines:read', 'machines:write'] });
  const limited = (await machines.callerOf(data.createApiToken.token))!;
  expect((await createToken({ name: 'more', scopes: ['scheduling:write'] }, limited)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await createToken({ name: 'all', scopes: ['all'] }, limited)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await createToken({ name: 'less', scopes: ['machines:read'] }, limited)).errors).toEqual([]);
  expect((await machines.failure(RENEW, { as: limited })).extensions.code).toBe('FORBIDDEN');
  expect((await machines.failure('mutation { logOut }', { as: limited })).extensions.code).toBe('FORBIDDEN');
});

test('a token stops at its expiry, and its last use is noted to the minute', async () => {
  const expiresAt = new Date(machines.clock.now.getTime() + HOUR);
  const { token, apiToken } = (await createToken({ name: 'an hour', scopes: ['all'], expiresAt: expiresAt.toISOString() })).data.createApiToken;
  const lastUsed = async () => (await machines.did('{ apiTokens { id lastUsedAt } }', { as: alice.caller })).apiTokens.find(({ id }: { id: string }) => id === apiToken.id).lastUsedAt;
  const firstUse = machines.clock.now;
  await resolve(token);
  expect(await lastUsed()).toBe(firstUse.toISOString());
  machines.clock.advance(59_000);
  await resolve(token);
  expect(await lastUsed()).toBe(firstUse.toISOString());
  machines.clock.advance(1_000);
  await resolve(token);
  expect(await lastUsed()).toBe(machines.clock.now.toISOString());
  machines.clock.now = expiresAt;
  expect(await resolve(token)).toBeNull();
});

test('nobody revokes another’s token', async () => {
  const { apiToken, token } = (await createToken({ name: 'mine', scopes: ['all'] })).data.createApiToken;
  const carol = await machines.actor('carol');
  for (const id of [apiToken.id, 'nonsense', '']) {
    expect((await machines.failure('mutation ($id: ID!) { revokeApiToken(id: $id) }', { as: carol.caller, variables: { id } })).extensions.code).toBe('NOT_FOUND');
  }
  expect(await resolve(token)).not.toBeNull();
  expect((await machines.did('{ apiTokens { id } }', { as: carol.caller })).apiTokens).toEqual([]);
});

test.each(([
  [{ name: '' }, 'input.name'],
  [{ name: 'x'.repeat(101) }, 'input.name'],
  [{ name: 'nul\u0000' }, 'input.name'],
  [{ name: 'half\ud83d' }, 'input.name'],
  [{ scopes: [] }, 'input.scopes'],
  [{ scopes: ['all', 'everything'] }, 'input.scopes[1]'],
  [{ scopes: ['machines:admin'] }, 'input.scopes[0]'],
  [{ scopes: ['Machines:read'] }, 'input.scopes[0]'],
  [{ scopes: 'machines:read extra' }, 'input.scopes[0]'],
  [{ scopes: Array.from({ length: 21 }, (_, n) => `${'x'.repeat(n + 1)}:read`) }, 'input.scopes'],
  [{ expiresAt: '2001-01-01T00:00:00Z' }, 'input.expiresAt'],
  [{ expiresAt: 'tomorrow' }, 'input.expiresAt'],
] as [object, string][]).map(([fault, field]) => ({ fault, field })))('a faulty token (%#) is refused at $field', async ({ fault, field }) => {
  const { errors } = await createToken({ name: 'fine', scopes: ['all'], ...fault });
  expect(errors[0]).toMatchObject({ extensions: { code: 'BAD_INPUT', field } });
});

test('what cannot be a credential is told apart without a database', () => {
  for (const kind of ['ticket', 'token'] as const) {
    const credential = newCredential(kind);
    expect(kindOfCredential(credential)).toBe(kind);
    for (let at = 0; at < credential.length; at += 1) {
      const mistyped = credential.slice(0, at) + (credential[at] === 'x' ? 'y' : 'x') + credential.slice(at + 1);
      expect(kindOfCredential(mistyped), mistyped).toBeNull();
    }
  }
  for (const garbage of ['', 'ht_', 'Bearer x', '\u0000', 'x'.repeat(100_000), `${newCredential('ticket')} `, '互通']) expect(kindOfCredential(garbage)).toBeNull();
});

test('a well-formed credential that nobody was given stands for nobody', async () => {
  for (const credential of [newCredential('ticket'), newCredential('token'), 'garbage']) expect(await resolve(credential)).toBeNull();
});

test('tickets survive a restart', { tags: ['simple-server/ticket/restart'] }, async () => {
  const { ticket } = await sessionOf('alice');
  const restarted = await openSubgraph(machinesSubgraph({ now: () => machines.clock.now }), {
    databaseUrl: machines.databaseUrl,
    secret: TEST_SECRET,
    peers: new ConnectedPeers(new Map()),
    keepAudit: async () => undefined,
    log: silentLog,
  });
  try {
    expect(await restarted.services.credentials.resolve(restarted.services.ownScope(), ticket)).toMatchObject({ userId: alice.id, username: 'alice' });
  } finally {
    await restarted.stop();
  }
});

const RESOLVE_USER = 'query ($username: String!) { resolveUser(username: $username) { credentialId userId username roles scopes expiresAt csrfHash } }';

test('a user without a credential is told to peers only, whatever the capitals, and not when disabled', async () => {
  const { id, caller } = await machines.actor('oj');
  const resolveUser = async (username: string) => (await machines.did(RESOLVE_USER, { origin: 'peer', variables: { username } })).resolveUser;
  expect(await resolveUser('OJ')).toEqual({ credentialId: null, userId: id, username: 'oj', roles: ['MEMBER'], scopes: null, expiresAt: null, csrfHash: null });
  expect(await resolveUser('nobody')).toBeNull();
  expect((await machines.ask(RESOLVE_USER, { as: caller, variables: { username: 'oj' } })).errors?.[0]?.extensions?.code).toBe('FORBIDDEN');
  await machines.did('mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }', { as: root, variables: { input: { id, disabled: true } } });
  expect(await resolveUser('oj')).toBeNull();
});
