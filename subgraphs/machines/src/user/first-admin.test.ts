import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesUnderTest, root, type MachinesUnderTest } from '../testkit/machines.kit.js';

const UPDATE = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { id } }';
const DELETE = 'mutation ($id: ID!) { deleteUser(id: $id) }';

let machines: MachinesUnderTest;
beforeAll(async () => {
  machines = await machinesUnderTest();
});
afterAll(() => machines.stop());

test('of several processes that start at once one makes the admin and tells its password', async () => {
  const made = await Promise.all(Array.from({ length: 5 }, () => machines.services.users.ensureAdmin()));
  const [first] = made.filter(({ created }) => created);
  expect(made.filter(({ created }) => created)).toHaveLength(1);
  expect(made.filter(({ password }) => password !== undefined)).toHaveLength(1);
  expect(first).toMatchObject({ username: 'admin', password: expect.stringMatching(/^[\w-]{20}$/) });
  expect((await machines.logIn('admin', first!.password!)).data.logIn.user.roles).toEqual(['ADMIN']);
});

test('a later start neither makes an admin nor changes the password', async () => {
  expect(await machines.services.users.ensureAdmin('another password')).toEqual({ created: false });
  expect((await machines.logIn('admin', 'another password')).errors[0]?.extensions.code).toBe('WRONG_CREDENTIALS');
});

test('the last enabled admin can neither be disabled, demoted nor deleted', async () => {
  const { id } = await machines.services.users.getByName(machines.services.ownScope(), 'ADMIN');
  for (const [document, variables] of [
    [UPDATE, { input: { id, disabled: true } }],
    [UPDATE, { input: { id, roles: ['MEMBER'] } }],
    [DELETE, { id }],
  ] as const) {
    expect((await machines.failure(document, { as: root, variables })).extensions.code).toBe('LAST_ADMIN');
  }
});

test('of two admins who demote each other at once one stays', async () => {
  const boss = await machines.actor('boss', ['ADMIN']);
  const admin = await machines.services.users.getByName(machines.services.ownScope(), 'admin');
  const answers = await Promise.all(
    [boss.id, admin.id].map((id) => machines.ask(UPDATE, { as: root, variables: { input: { id, roles: ['MEMBER'] } } })),
  );
  expect(answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code))).toEqual(['LAST_ADMIN']);
});

test('a given password is used for the first admin, and a bad one is named', async () => {
  const other = await machinesUnderTest();
  try {
    await expect(other.services.users.ensureAdmin('short')).rejects.toMatchObject({ code: 'WEAK_PASSWORD', extensions: { field: 'HUTONG_ADMIN_PASSWORD' } });
    expect(await other.services.users.ensureAdmin('from the setting')).toMatchObject({ created: true });
    expect((await other.logIn('admin', 'from the setting')).errors).toEqual([]);
  } finally {
    await other.stop();
  }
});

test('an imported user named admin is not made one; the first admin gets another name', async () => {
  const other = await machinesUnderTest();
  try {
    await other.actor('Admin');
    expect(await other.services.users.ensureAdmin('from the setting')).toMatchObject({ created: true, username: 'hutong-admin' });
  } finally {
    await other.stop();
  }
});
