import { sql } from '@hutong/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesUnderTest, root, type MachinesUnderTest } from '../testkit/machines.kit.js';
import { machinesOf } from './machines.file.js';
import { usersOf } from './users.file.js';

let machines: MachinesUnderTest;
beforeAll(async () => {
  machines = await machinesUnderTest();
});
afterAll(() => machines.stop());

const importUsers = (...users: object[]) => machines.services.imports.users(machines.services.ownScope(), usersOf(users, 'users.json'), 'users.json', () => undefined);
const importMachines = (everyone: boolean, ...list: object[]) => machines.services.imports.machines(machines.services.ownScope(), machinesOf(list, 'machines.json'), everyone, () => undefined);
const machine = (id: number, more: object = {}) => ({ id, cpus: 32, status: 'running', mem: 1, GPU: 'A', ip: '10.0.0.1', ...more });
const storedUsers = () =>
  sql<{ username: string; legacy_id: string }>(machines.services.ownScope().em, 'select username, password_hash, legacy_id::text, roles from machines.user_account where deleted_at is null order by username');

test('imported users log in with the passwords of the file, which are kept as hashes', { tags: ['simple-server/ticket/hashed', 'simple-server/ticket/import'] }, async () => {
  const users = [{ id: 1, username: 'user1', password: 'A1B2C3D4E5F6G7H8I9HD' }, { id: 2, username: '用户2', password: 'x' }];
  expect(await importUsers(...users)).toEqual({ created: 2, passwordsChanged: 0, unchanged: 0 });
  for (const { username, password } of users) expect((await machines.logIn(username, password)).data.logIn.user.roles).toEqual(['MEMBER']);
  const before = await storedUsers();
  expect(JSON.stringify(before)).not.toContain('A1B2C3D4E5F6G7H8I9HD');
  expect(before).toMatchObject([{ legacy_id: '1' }, { legacy_id: '2' }]);
  expect(await importUsers(...users)).toEqual({ created: 0, passwordsChanged: 0, unchanged: 2 });
  expect(await storedUsers()).toEqual(before);
});

test('a changed password replaces the old one and ends the sessions made with it; roles stay', async () => {
  const admin = await machines.actor('chief', ['ADMIN']);
  expect(await importUsers({ id: 77, username: 'CHIEF', password: 'from the file' })).toEqual({ created: 0, passwordsChanged: 1, unchanged: 0 });
  expect(await machines.callerOf(admin.ticket)).toBeNull();
  expect((await machines.logIn('chief', 'password of chief')).errors[0]?.extensions.code).toBe('WRONG_CREDENTIALS');
  expect((await machines.logIn('chief', 'from the file')).data.logIn.user.roles).toEqual(['ADMIN']);
});

test('an id that belongs to another user is refused, and nothing of the file is stored', async () => {
  const before = await storedUsers();
  await expect(importUsers({ id: 500, username: 'newcomer', password: 'x' }, { id: 1, username: 'thief', password: 'x' })).rejects.toThrow('users.json: [1].id: 1 is the id of "user1", imported earlier');
  expect(await storedUsers()).toEqual(before);
});

test('two imports of the same file at once make no duplicates', async () => {
  const users = Array.from({ length: 20 }, (_, n) => ({ id: 1_000 + n, username: `at once ${n}`, password: `p${n}` }));
  const results = await Promise.allSettled([importUsers(...users), importUsers(...users.toReversed())]);
  expect(results.some(({ status }) => status === 'fulfilled')).toBe(true);
  expect((await storedUsers()).filter(({ username }) => username.startsWith('at once'))).toHaveLength(20);
});

test('a deleted user’s number is free for a new one', async () => {
  await importUsers({ id: 900, username: 'leaver', password: 'x' });
  const { id } = await machines.services.users.getByName(machines.services.ownScope(), 'leaver');
  await machines.did('mutation ($id: ID!) { deleteUser(id: $id) }', { as: root, variables: { id } });
  expect(await importUsers({ id: 900, username: 'successor', password: 'x' })).toMatchObject({ created: 1 });
});

test('imported machines are seen by every user, private ones by admins; again nothing changes', async () => {
  const member = await machines.actor('member');
  const seen = async () => (await machines.did('{ machines(first: 100) { nodes { id } } }', { as: member.caller })).machines.nodes.map(({ id }: { id: string }) => Number(id));
  expect(await importMachines(true, machine(100), machine(200, { status: 'stoppped' }))).toBe(2);
  expect(await importMachines(false, machine(300))).toBe(1);
  expect(await seen()).toEqual([100, 200]);
  expect(await importMachines(true, machine(300), machine(100), machine(200, { status: 'stopped' }))).toBe(0);
  expect(await seen()).toEqual([100, 200]);
  expect(await importMachines(true, machine(100, { cpus: 64 }), machine(200, { status: 'stopped' }))).toBe(1);
});

test('a file of thousands is stored whole, and counted as one change', async () => {
  const before = machines.revisions.of('inventory');
  const many = Array.from({ length: 2_500 }, (_, n) => machine(10_000 + n));
  const reported: number[] = [];
  await machines.services.imports.machines(machines.services.ownScope(), machinesOf(many, 'm'), true, (count) => reported.push(count));
  expect(reported).toEqual([1_000, 1_000, 500]);
  expect(machines.revisions.of('inventory')).not.toBe(before);
  expect((await machines.did('{ machines(first: 1, filter: { gpu: "a" }) { totalCount } }', { as: root })).machines.totalCount).toBeGreaterThanOrEqual(2_500);
});
