import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { admin, logIn, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// The files of the old service, imported beside the running platform.

const REPOSITORY = join(import.meta.dirname, '../..');
const USERS = [
  { id: 1, username: 'user1', password: 'A1B2C3D4E5F6G7H8I9HD' },
  { id: 2, username: '用户二', password: 'pw' },
];
const MACHINES = [
  { id: 100, cpus: 32, status: 'running', mem: 11_591_667_560, GPU: 'NVIDIA RTX4090', ip: '192.168.1.100', name: 'Aimlab001', maxdisk: 128_849_018_880, rack: 'A3', '备注': '新 🚀' },
  { id: 200, cpus: 24, status: 'stoppped', mem: 11_591_667_560, GPU: 'NVIDIA RTX3090', ip: '192.168.1.200', name: 'Aimlab200', maxdisk: 128_849_018_880 },
];

let platform: Platform;
let folder: string;
let root: Actor;
beforeAll(async () => {
  platform = await startPlatform();
  root = await admin(platform);
  folder = await mkdtemp(join(tmpdir(), 'hutong-import-'));
});
afterAll(async () => {
  await platform?.dispose();
  await rm(folder, { recursive: true, force: true });
});

async function importFiles(files: Record<string, unknown>): Promise<{ code: number; output: string }> {
  const paths = await Promise.all(
    Object.entries(files).map(async ([name, content]) => {
      const path = join(folder, name);
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
      return path;
    }),
  );
  const environment = { PATH: process.env.PATH, HUTONG_DATA_DIR: platform.dataDirectory, DATABASE_URL: platform.databaseUrl };
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['subgraphs/machines/dist/cli/import.js', ...paths], { cwd: REPOSITORY, env: environment });
    return { code: 0, output: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, output: stdout + stderr };
  }
}

const counts = async () => {
  const { users, machines } = await root.ask('{ users { totalCount } machines { totalCount } }');
  return [users.totalCount, machines.totalCount] as number[];
};

test('imported users log in and see the imported machines as the document writes them; again imports nothing twice', { tags: ['simple-server/info/example', 'simple-server/info/stoppped', 'simple-server/info/import', 'simple-server/ticket/import'] }, async () => {
  expect(await importFiles({ 'users.json': USERS, 'machines.json': MACHINES })).toMatchObject({ code: 0 });
  const after = await counts();
  expect(after).toEqual([3, 2]);
  for (const { username, password } of USERS) {
    const user = await logIn(platform, username, password);
    const { status, body } = await user.simpleServer('GET', 'info');
    expect(status).toBe(200);
    expect(body.data).toEqual([MACHINES[0], { ...MACHINES[1], status: 'stopped' }]);
  }
  expect(await importFiles({ 'users.json': USERS, 'machines.json': MACHINES })).toMatchObject({ code: 0 });
  expect(await counts()).toEqual(after);
});

test('a changed record replaces the old one, and the running platform shows it', async () => {
  expect(await importFiles({ 'machines.json': [{ ...MACHINES[1], status: 'running', GPU: 'NVIDIA H100' }] })).toMatchObject({ code: 0 });
  const { body } = await root.simpleServer('GET', 'info');
  expect(body.data[1]).toMatchObject({ id: 200, status: 'running', GPU: 'NVIDIA H100' });
});

test.each<[string, unknown]>([
  ['no JSON', '{'],
  ['no list', {}],
  ['a machine without an address', [{ ...MACHINES[0], id: 300 }, { ...MACHINES[0], id: 301, ip: undefined }]],
  ['a status that is none', [{ ...MACHINES[0], id: 300 }, { ...MACHINES[0], id: 301, status: 'sleeping' }]],
  ['an id beyond an int', [{ ...MACHINES[0], id: 300 }, { ...MACHINES[0], id: 2 ** 31 }]],
])('a file with %s is refused, named, and nothing of it is stored', async (_, content) => {
  const before = await counts();
  const { code, output } = await importFiles({ 'machines.json': content });
  expect(code).not.toBe(0);
  expect(output).toContain('machines.json');
  expect(output).not.toMatch(/\n\s+at /);
  expect(await counts()).toEqual(before);
});
