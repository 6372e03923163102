import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { deleteEmbeddedPostgres } from '@hutong/common';
import { testDatabase, type TestDatabase } from '@hutong/common/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { machinesUnderTest, type MachinesUnderTest } from '../testkit/machines.kit.js';

// Each command is a process of its own, on a machine that may be busy.
vi.setConfig({ testTimeout: 120_000 });

const COMMANDS = fileURLToPath(new URL('../../dist/cli/', import.meta.url));

interface Run {
  code: number | null;
  stdout: string;
  stderr: string;
}

let folder: string;
let database: TestDatabase;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-cli-'));
  database = await testDatabase();
  await writeFile(path.join(folder, 'users.json'), '\uFEFF[{"id":1,"username":"user1","password":"A1B2C3D4E5F6G7H8I9HD"},{"id":2,"username":"user2","password":"hunter two"}]');
  await writeFile(path.join(folder, 'machines.json'), '[{"id":100,"cpus":32,"status":"running","mem":1,"GPU":"A","ip":"10.0.0.1"},{"id":200,"cpus":24,"status":"stoppped","mem":2,"GPU":"B","ip":"10.0.0.2","name":"Aimlab200"}]');
});
afterAll(async () => {
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

function run(command: 'import' | 'user', parameters: string[], { input = '', ...environment }: Record<string, string> = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [path.join(COMMANDS, `${command}.js`), ...parameters], {
      env: { PATH: process.env.PATH, INIT_CWD: folder, DATABASE_URL: database.url, ...environment },
    });
    const output = { stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}

test('the files of the old service are imported with one command, and again without duplicates', { tags: ['simple-server/ticket/import', 'simple-server/info/import'] }, async () => {
  expect(await run('import', ['users.json', 'machines.json'])).toMatchObject({
    code: 0,
    stdout: 'users.json: 2 users: 2 created, 0 with a new password, 0 unchanged\nmachines.json: 2 machines: 2 new or changed, 0 unchanged\n',
  });
  expect(await run('import', ['machines.json', 'users.json'])).toMatchObject({
    code: 0,
    stdout: 'machines.json: 2 machines: 0 new or changed, 2 unchanged\nusers.json: 2 users: 0 created, 0 with a new password, 2 unchanged\n',
  });
  const { stdout } = await run('user', ['list', '--json']);
  expect(JSON.parse(stdout)).toMatchObject([{ username: 'user1', roles: ['MEMBER'], disabled: false }, { username: 'user2' }]);
  expect(stdout).not.toContain('scrypt');
});

test('a faulty file stops the import before anything is stored, with its name, index and field', async () => {
  await writeFile(path.join(folder, 'more.json'), '[{"id":3,"username":"user3","password":"p"}]');
  await writeFile(path.join(folder, 'faulty.json'), '[{"id":300,"cpus":1,"status":"running","mem":1,"GPU":"A","ip":"10.0.0.1"},{"id":301,"cpus":1,"status":"on","mem":1,"GPU":"A","ip":"10.0.0.1"}]');
  expect(await run('import', ['more.json', 'faulty.json'])).toEqual({ code: 1, stdout: '', stderr: 'faulty.json: [1].status: expected "running" or "stopped"\n' });
  expect((await run('user', ['list'])).stdout).not.toContain('user3');
});

test('an admin adds, disables and enables users, and sets passwords, at the terminal', async () => {
  expect(await run('user', ['add', 'boss', '--roles', 'admin,member'], { input: 'the password\n' })).toMatchObject({ code: 0, stderr: 'Created boss (ADMIN, MEMBER).\n' });
  expect(await run('user', ['add', 'BOSS'], { input: 'the password\n' })).toMatchObject({ code: 1, stderr: 'The username "BOSS" is taken.\n' });
  expect(await run('user', ['add', 'weak'], { input: 'short\n' })).toMatchObject({ code: 1, stderr: 'input.password: expected at least 8 characters, got 5\n' });
  expect(await run('user', ['password', 'user1'], { input: 'another password' })).toMatchObject({ code: 0 });
  expect(await run('user', ['disable', 'user1'])).toMatchObject({ code: 0, stderr: 'user1 is disabled.\n' });
  expect((await run('user', ['list'])).stdout).toMatch(/user1 {2}MEMBER {2}- {2}disabled/);
  expect(await run('user', ['enable', 'USER1'])).toMatchObject({ code: 0 });
  expect(await run('user', ['disable', 'boss'])).toMatchObject({ code: 1, stderr: expect.stringContaining('last enabled admin') });
  expect(await run('user', ['disable', 'nobody'])).toMatchObject({ code: 1, stderr: 'user "nobody" not found\n' });
});

test('what is not understood is told with the usage and the exit code 2', async () => {
  const misunderstood = [[], ['dance'], ['add', 'a', 'b'], ['add', 'a', '--password', 'x'], ['token', 'user1'], ['list', '--colour'], ['constructor', 'x']];
  await Promise.all(
    misunderstood.map(async (parameters) => {
      const { code, stderr } = await run('user', parameters);
      expect([parameters, code]).toEqual([parameters, 2]);
      expect(stderr).toContain('Usage: npm run user');
    }),
  );
  expect(await run('user', ['add', 'silent'])).toMatchObject({ code: 2, stderr: expect.stringContaining('expected the password as a line on stdin') });
  expect(await run('import', [])).toMatchObject({ code: 2, stderr: expect.stringContaining('Usage: npm run import') });
  expect(await run('user', ['--help'])).toMatchObject({ code: 0, stdout: expect.stringContaining('Usage: npm run user') });
});

test('a database that cannot be reached, or a setting that is none, is told in a line', async () => {
  expect(await run('user', ['list'], { DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none' })).toEqual({ code: 1, stdout: '', stderr: 'The database cannot be reached (ECONNREFUSED).\n' });
  expect(await run('user', ['list'], { DATABASE_URL: 'mysql://x' })).toMatchObject({ code: 1, stderr: expect.stringMatching(/^DATABASE_URL: expected a URL that starts with postgres[^\n]*\n$/) });
});

test('a running platform hears what is done at the terminal', async () => {
  const platform: MachinesUnderTest = await machinesUnderTest();
  try {
    const alice = await platform.actor('alice');
    const environment = { DATABASE_URL: platform.databaseUrl };
    const revoked = await platform.listen('subscription { credentialRevoked }', { origin: 'peer' });
    const revision = platform.revisions.of('inventory');

    const { stdout: token } = await run('user', ['token', 'alice', '--name', 'ci', '--scopes', 'machines:read', '--expires', '2099-01-01'], environment);
    expect(await platform.callerOf(token.trim())).toMatchObject({ username: 'alice', scopes: ['machines:read'] });

    await run('user', ['disable', 'alice'], environment);
    expect((await revoked.next()).value.data.credentialRevoked).toBe(alice.id);
    expect(await platform.callerOf(alice.ticket)).toBeNull();
    expect(await platform.callerOf(token.trim())).toBeNull();
    await revoked.return?.();

    await run('import', ['machines.json'], environment);
    await expect.poll(() => platform.revisions.of('inventory')).not.toBe(revision);
    const { auditLog } = await platform.did('{ auditLog { nodes { action subject outcome } } }', { as: { ...alice.caller, roles: ['ADMIN'] } });
    expect(auditLog.nodes).toEqual([
      { action: 'terminal:importMachines', subject: 'machines.json', outcome: 'ok' },
      { action: 'terminal:user disable', subject: 'alice', outcome: 'ok' },
      { action: 'terminal:user token', subject: 'alice', outcome: 'ok' },
    ]);
  } finally {
    await platform.stop();
  }
});

test('without a running platform the embedded database is created, used and stopped', async () => {
  const dataDirectory = path.join(folder, 'data');
  const environment = { DATABASE_URL: '', HUTONG_DATA_DIR: dataDirectory };
  try {
    expect(await run('import', ['users.json'], environment)).toMatchObject({ code: 0, stdout: expect.stringContaining('2 created') });
    expect((await run('user', ['list'], environment)).stdout).toContain('user2');
  } finally {
    await deleteEmbeddedPostgres(dataDirectory);
  }
});
