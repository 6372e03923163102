import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { machinesOf } from './machines.file.js';
import { readRecords } from './record.file.js';
import { usersOf } from './users.file.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'hutong-import-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer): Promise<unknown[]> {
  const file = path.join(folder, 'file.json');
  await writeFile(file, content);
  return readRecords(file, 'file.json');
}

const user = { id: 1, username: 'user1', password: 'A1B2C3D4E5F6G7H8I9HD' };
const machine = { id: 100, cpus: 32, status: 'running', mem: 11_591_667_560, GPU: 'NVIDIA RTX4090', ip: '192.168.1.100' };

test('an array is read, with a byte order mark and under "data" as well', async () => {
  for (const content of ['[1]', '\uFEFF[1]', '{"data":[1]}']) expect(await read(content)).toEqual([1]);
});

test.each([
  ['not JSON', '[{"id": 1,\n  oops}]', /^file\.json: is not JSON: .*line 2, column 3$/],
  ['cut off', '[{"id": 1', /^file\.json: is not JSON: /],
  ['empty', '', /^file\.json: is not JSON: Unexpected end of JSON input/],
  ['an object', '{"users": []}', /^file\.json: expected a JSON array/],
  ['null', 'null', /^file\.json: expected a JSON array/],
  ['not UTF-8', Buffer.from([0x5b, 0x22, 0xff, 0x22, 0x5d]), /^file\.json: is not UTF-8$/],
] as const)('a file that is %s is refused by name', async (_what, content, message) => {
  await expect(read(content)).rejects.toThrow(message);
});

test('a broken file of users does not show its passwords', async () => {
  await expect(read('[{"id":1,"username":"u","password":"hunter2"},]')).rejects.toThrow(expect.not.objectContaining({ message: expect.stringContaining('hunter2') }));
});

test('a file that is not there is named', async () => {
  await expect(readRecords(path.join(folder, 'nowhere.json'), 'nowhere.json')).rejects.toThrow('nowhere.json: cannot be read (ENOENT)');
});

test('a machine’s other fields are kept in their order, and the old spelling of stopped is understood', () => {
  const [stored] = machinesOf([{ ...machine, zone: 'b', status: 'stoppped', maxdisk: 7, rack: { u: [1] }, name: 'Aimlab200', alpha: null }], 'm');
  expect(stored).toEqual({ id: 100, cpus: 32, status: 'STOPPED', memoryBytes: 11_591_667_560, gpu: 'NVIDIA RTX4090', ip: '192.168.1.100', name: 'Aimlab200', maxDiskBytes: 7, attributes: { zone: 'b', rack: { u: [1] }, alpha: null } });
  expect(Object.keys(stored!.attributes)).toEqual(['zone', 'rack', 'alpha']);
});

test.each([
  [{ id: -1 }, '[1].id: expected an integer'],
  [{ id: 2 ** 31 }, '[1].id: expected an integer'],
  [{ id: '100' }, '[1].id: expected an integer'],
  [{ id: 100 }, '[1].id: the record [0] has the same'],
  [{ cpus: 1.5 }, '[1].cpus: expected an integer'],
  [{ cpus: undefined }, '[1].cpus: expected an integer'],
  [{ status: 'broken' }, '[1].status: expected "running" or "stopped"'],
  [{ status: 'constructor' }, '[1].status: expected "running" or "stopped"'],
  [{ mem: 2 ** 53 }, '[1].mem: expected an integer'],
  [{ GPU: null }, '[1].GPU: expected a text'],
  [{ ip: '1.2.3' }, '[1].ip: expected an IPv4 address'],
  [{ maxdisk: -1 }, '[1].maxdisk: expected an integer'],
  [{ name: 'x'.repeat(256) }, '[1].name: '],
  [{ note: 'nul\0' }, '[1].note: holds U+0000'],
] as [object, string][])('a faulty machine (%#) is named with its index and field', (fault, message) => {
  expect(() => machinesOf([machine, { ...machine, id: 101, ...fault }], 'machines.json')).toThrow(`machines.json: ${message}`);
});

test('what is no object is named by its index', () => {
  for (const record of [null, 7, 'text', []]) {
    expect(() => machinesOf([machine, record], 'm')).toThrow('m: [1]: expected an object');
    expect(() => usersOf([user, record], 'u')).toThrow('u: [1]: expected an object');
  }
});

test.each([
  [{ id: 1.5 }, '[1].id: expected an integer'],
  [{ id: undefined }, '[1].id: expected an integer'],
  [{ id: 1 }, '[1].id: the record [0] has the same'],
  [{ username: 'USER1' }, '[1].username: the record [0] has the same'],
  [{ username: '' }, '[1].username: expected a username'],
  [{ username: undefined }, '[1].username: expected a text'],
  [{ password: '' }, '[1].password: expected a password'],
  [{ password: 12345678 }, '[1].password: expected a text'],
  [{ password: 'half\ud800' }, '[1].password: holds U+0000 or half of a surrogate pair'],
] as [object, string][])('a faulty user (%#) is named with its index and field', (fault, message) => {
  expect(() => usersOf([user, { id: 2, username: 'user2', password: 'secret', ...fault }], 'users.json')).toThrow(`users.json: ${message}`);
});
