import type { Peers } from '@hutong/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesUnderTest, root, type MachinesUnderTest } from '../testkit/machines.kit.js';

const CREATE = 'mutation ($input: CreateUserInput!) { createUser(input: $input) { id username roles organization disabled createdAt } }';
const UPDATE = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id roles organization disabled } }';
const PASSWORD = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) }';
const DELETE = 'mutation ($id: ID!) { deleteUser(id: $id) }';

const owners = new Set<string>();
const asked: unknown[] = [];
const peers: Peers = {
  has: (subgraph) => subgraph === 'scheduling',
  call: async (_scope, operation) => {
    asked.push(operation);
    return { ownsRunningThings: owners.has(String(operation.variables.userId)) } as never;
  },
};

let machines: MachinesUnderTest;
beforeAll(async () => {
  machines = await machinesUnderTest(peers);
});
afterAll(() => machines.stop());

const create = (input: object, as = root) => machines.ask(CREATE, { as, variables: { input } });

test('an admin creates a user, who can log in at once whatever the capitals', async () => {
  const { data } = await create({ username: 'Ada', password: 'engines of analysis', roles: ['PROVIDER', 'PROVIDER'], organization: '20004' });
  expect(data.createUser).toMatchObject({ username: 'Ada', roles: ['PROVIDER'], organization: '20004', disabled: false, createdAt: machines.clock.now.toISOString() });
  expect((await machines.logIn('aDA', 'engines of analysis')).data.logIn.user).toMatchObject({ username: 'Ada' });
});

test('a username is taken whatever its capitals or compatible letters', async () => {
  await create({ username: 'grace', password: 'compilers are nice' });
  for (const username of ['grace', 'GRACE', 'ｇｒａｃｅ']) {
    expect((await create({ username, password: 'compilers are nice' })).errors[0]).toMatchObject({ extensions: { code: 'USERNAME_TAKEN', field: 'input.username' } });
  }
});

test('of twenty who create the same user at once one succeeds', async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => create({ username: n % 2 ? 'twin' : 'TWIN', password: 'same for everybody' })));
  expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(1);
  expect(new Set(answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code)))).toEqual(new Set(['USERNAME_TAKEN']));
});

test.each(([
  [{ username: '' }, 'BAD_INPUT', 'input.username'],
  [{ username: ' space' }, 'BAD_INPUT', 'input.username'],
  [{ username: 'a\u0000b' }, 'BAD_INPUT', 'input.username'],
  [{ username: 'a\ud800b' }, 'BAD_INPUT', 'input.username'],
  [{ username: 'evil\u202enimda' }, 'BAD_INPUT', 'input.username'],
  [{ username: 'x'.repeat(65) }, 'BAD_INPUT', 'input.username'],
  [{ username: 7 }, 'BAD_INPUT', 'input.username'],
  [{ username: null }, 'BAD_INPUT', 'input.username'],
  [{ password: 'short' }, 'WEAK_PASSWORD', 'input.password'],
  [{ password: '          ' }, 'WEAK_PASSWORD', 'input.password'],
  [{ password: 'BAD-INPUT-USER' }, 'WEAK_PASSWORD', 'input.password'],
  [{ password: 'x'.repeat(257) }, 'BAD_INPUT', 'input.password'],
  [{ password: 'long enough\u0000' }, 'BAD_INPUT', 'input.password'],
  [{ roles: [] }, 'BAD_INPUT', 'input.roles'],
  [{ roles: ['ROOT'] }, 'BAD_INPUT', 'input.roles[0]'],
  [{ organization: '123' }, 'BAD_INPUT', 'input.organization'],
] as [object, string, string][]).map(([fault, code, field]) => ({ fault, code, field })))('a faulty user (%#) is refused with $code at $field, and not stored', async ({ fault, code, field }) => {
  const input = { username: 'bad-input-user', password: 'a good password', ...fault };
  expect((await create(input)).errors[0]).toMatchObject({ extensions: { code, field } });
  const { users } = await machines.did('{ users(first: 100) { nodes { username } } }', { as: root });
  expect(users.nodes.map(({ username }: { username: string }) => username)).not.toContain(input.username);
});

test('unusual names come back as they were given', async () => {
  for (const username of ["Robert'); DROP TABLE users;--", '超算 😀', '<b>bold</b>', 'מנהל']) {
    expect((await create({ username, password: 'a good password' })).data.createUser.username).toBe(username);
    expect((await machines.logIn(username, 'a good password')).errors).toEqual([]);
  }
});

test('only an admin lists, creates, changes and deletes users', async () => {
  const mallory = await machines.actor('mallory');
  const input = { username: 'friend', password: 'a good password' };
  expect((await machines.failure('{ users { totalCount } }', { as: mallory.caller })).extensions.code).toBe('FORBIDDEN');
  expect((await create(input, mallory.caller)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await machines.failure(UPDATE, { as: mallory.caller, variables: { input: { id: mallory.id, roles: ['ADMIN'] } } })).extensions.code).toBe('FORBIDDEN');
  expect((await machines.failure(DELETE, { as: mallory.caller, variables: { id: mallory.id } })).extensions.code).toBe('FORBIDDEN');
});

test('users are paged by name, each once', async () => {
  const seen: string[] = [];
  let after: string | null = null;
  do {
    const { users } = (await machines.did('query ($after: String) { users(first: 3, after: $after) { totalCount nodes { username } pageInfo { hasNextPage endCursor } } }', { as: root, variables: { after } })) as { users: { totalCount: number; nodes: { username: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } };
    seen.push(...users.nodes.map(({ username }) => username));
    after = users.pageInfo.hasNextPage ? users.pageInfo.endCursor : null;
    expect(users.totalCount).toBeGreaterThan(3);
  } while (after);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen).toContain('Ada');
});

test('me tells who asks, and nobody without a credential', async () => {
  const ivy = await machines.actor('ivy');
  expect((await machines.did('{ me { id username } }', { as: ivy.caller })).me).toEqual({ id: ivy.id, username: 'ivy' });
  expect((await machines.did('{ me { id } }')).me).toBeNull();
});

test('a member resolves itself only, an admin and a peer everybody', async () => {
  const [kim, lee] = [await machines.actor('kim'), await machines.actor('lee')];
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { username } } }';
  const variables = { r: [kim.id, lee.id, 'no-uuid', '3f0b2b5e-7d0a-4a51-9f6a-000000000000'].map((id) => ({ __typename: 'User', id })) };
  const resolved = async (ask: object) => (await machines.did(entities, { variables, ...ask }))._entities.map((user: { username: string } | null) => user?.username ?? null);
  expect(await resolved({ as: kim.caller })).toEqual(['kim', null, null, null]);
  expect(await resolved({ as: root })).toEqual(['kim', 'lee', null, null]);
  expect(await resolved({ as: kim.caller, origin: 'peer' })).toEqual(['kim', 'lee', null, null]);
});

test('changed roles and organizations hold for the sessions that are open', async () => {
  const pat = await machines.actor('pat');
  await machines.did(UPDATE, { as: root, variables: { input: { id: pat.id, roles: ['PROVIDER'], organization: '20004' } } });
  expect(await machines.callerOf(pat.ticket)).toMatchObject({ roles: ['PROVIDER'], organization: '20004' });
  await machines.did(UPDATE, { as: root, variables: { input: { id: pat.id, organization: null } } });
  expect(await machines.callerOf(pat.ticket)).toMatchObject({ roles: ['PROVIDER'], organization: null });
});

test('a disabled user cannot log in, and its tickets stay dead when it is enabled again', async () => {
  const dora = await machines.actor('dora');
  await machines.did(UPDATE, { as: root, variables: { input: { id: dora.id, disabled: true } } });
  expect(await machines.callerOf(dora.ticket)).toBeNull();
  expect((await machines.logIn('dora', 'password of dora')).errors[0]?.extensions.code).toBe('WRONG_CREDENTIALS');
  await machines.did(UPDATE, { as: root, variables: { input: { id: dora.id, disabled: false } } });
  expect(await machines.callerOf(dora.ticket)).toBeNull();
  expect((await machines.logIn('dora', 'password of dora')).errors).toEqual([]);
});

test('one changes one’s own password with the present one, and one’s other sessions end', async () => {
  const eli = await machines.actor('eli');
  const other = (await machines.logIn('eli', 'password of eli')).data.logIn.ticket as string;
  expect((await machines.failure(PASSWORD, { as: eli.caller, variables: { input: { new: 'another password' } } })).extensions).toMatchObject({ code: 'BAD_INPUT', field: 'input.current' });
  expect((await machines.failure(PASSWORD, { as: eli.caller, variables: { input: { current: 'a guess', new: 'another password' } } })).extensions.code).toBe('WRONG_CREDENTIALS');
  expect((await machines.failure(PASSWORD, { as: eli.caller, variables: { input: { current: 'password of eli', new: 'short' } } })).extensions).toMatchObject({ code: 'WEAK_PASSWORD', field: 'input.new' });
  await machines.did(PASSWORD, { as: eli.caller, variables: { input: { current: 'password of eli', new: 'another password' } } });
  expect(await machines.callerOf(eli.ticket)).not.toBeNull();
  expect(await machines.callerOf(other)).toBeNull();
  expect((await machines.logIn('eli', 'password of eli')).errors[0]?.extensions.code).toBe('WRONG_CREDENTIALS');
  expect((await machines.logIn('eli', 'another password')).errors).toEqual([]);
});

test('an admin sets another user’s password, which ends all of its sessions; a member cannot', async () => {
  const [fay, gus] = [await machines.actor('fay'), await machines.actor('gus')];
  const variables = { input: { userId: fay.id, new: 'set by an admin' } };
  expect((await machines.failure(PASSWORD, { as: gus.caller, variables })).extensions.code).toBe('FORBIDDEN');
  await machines.did(PASSWORD, { as: root, variables });
  expect(await machines.callerOf(fay.ticket)).toBeNull();
  expect((await machines.logIn('fay', 'set by an admin')).errors).toEqual([]);
  expect((await machines.failure(PASSWORD, { as: root, variables: { input: { userId: 'nobody', new: 'set by an admin' } } })).extensions.code).toBe('NOT_FOUND');
});

test('a user who owns running things is not deleted until scheduling says otherwise', async () => {
  const hal = await machines.actor('hal');
  owners.add(hal.id);
  expect((await machines.failure(DELETE, { as: root, variables: { id: hal.id } })).extensions.code).toBe('USER_OWNS_RUNNING_THINGS');
  expect(asked.at(-1)).toMatchObject({ subgraph: 'scheduling', variables: { userId: hal.id } });
  expect(await machines.callerOf(hal.ticket)).not.toBeNull();
  owners.delete(hal.id);
  await machines.did(DELETE, { as: root, variables: { id: hal.id } });
  expect(await machines.callerOf(hal.ticket)).toBeNull();
  expect((await machines.failure(DELETE, { as: root, variables: { id: hal.id } })).extensions.code).toBe('NOT_FOUND');
});

test('a deleted user’s name is free again, and what it owned still shows who it was', async () => {
  const uma = await machines.actor('uma');
  await machines.did(DELETE, { as: root, variables: { id: uma.id } });
  const again = await machines.actor('Uma');
  expect(again.id).not.toBe(uma.id);
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on User { username disabled } } }';
  expect((await machines.did(entities, { as: root, variables: { r: [{ __typename: 'User', id: uma.id }] } }))._entities).toEqual([{ username: 'uma', disabled: true }]);
});

test('an unknown user is NOT_FOUND, whatever the id looks like', async () => {
  for (const id of ['', '1', 'x\u0000', '3f0b2b5e-7d0a-4a51-9f6a-000000000000', 'x'.repeat(10_000)]) {
    const { code } = (await machines.failure(UPDATE, { as: root, variables: { input: { id, disabled: true } } })).extensions;
    expect(['NOT_FOUND', 'BAD_INPUT']).toContain(code);
    expect((await machines.failure(DELETE, { as: root, variables: { id } })).extensions.code).toBe('NOT_FOUND');
  }
});
