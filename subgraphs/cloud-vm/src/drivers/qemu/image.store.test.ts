import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { HostPrograms } from './host.programs.js';
import { ImageStore } from './image.store.js';
import { MachineFolder } from './machine.folder.js';

let folder: string;
let warnings: string[];
let store: ImageStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hutong-images-'));
  warnings = [];
  store = new ImageStore(folder, new HostPrograms('/nonexistent'), { info: () => undefined, warn: (_details, message) => warnings.push(message) });
});

afterEach(() => rm(folder, { recursive: true }));

function disk({ version = 3, bytes = 4_096, backing = 0n, features = 0n } = {}): Buffer {
  const header = Buffer.alloc(104);
  header.writeUInt32BE(0x51_46_49_fb, 0);
  header.writeUInt32BE(version, 4);
  header.writeBigUInt64BE(backing, 8);
  header.writeBigUInt64BE(BigInt(bytes), 24);
  header.writeBigUInt64BE(features, 72);
  return header;
}

const place = (name: string, content: Buffer | object) => writeFile(join(folder, name), Buffer.isBuffer(content) ? content : JSON.stringify(content));

test('a qcow2 file is an image as soon as it is there, named like its file or as its manifest says', async () => {
  expect(await store.list()).toEqual([]);
  await place('xubuntu-14.04-desktop-x86.qcow2', disk({ bytes: 10_000 }));
  await place('old.qcow2', disk({ version: 2 }));
  await place('old.json', { name: 'an old one', kernel: 'vmlinuz', commandLine: 'quiet' });
  expect(await store.list()).toMatchObject([
    { id: 'old', name: 'an old one', kernel: join(folder, 'vmlinuz'), initrd: null, commandLine: 'quiet' },
    { id: 'xubuntu-14.04-desktop-x86', name: 'xubuntu-14.04-desktop-x86', kernel: null, diskBytes: 10_000, sizeBytes: 104 },
  ]);
  await rm(join(folder, 'old.qcow2'));
  expect((await store.list()).map(({ id }) => id)).toEqual(['xubuntu-14.04-desktop-x86']);
});

test('a disk that would have QEMU open another file is no image, and neither is anything else; the log says it once', async () => {
  await place('overlay.qcow2', disk({ backing: 512n }));
  await place('elsewhere.qcow2', disk({ features: 0b100n }));
  await place('text.qcow2', Buffer.from('no disk at all'));
  await place('.hidden.qcow2', disk());
  await place('notes.txt', disk());
  for (let time = 0; time < 2; time++) expect(await store.list()).toEqual([]);
  expect(warnings).toHaveLength(3);
});

test('a manifest that names a file elsewhere, or cannot be read, keeps its image from being used', async () => {
  for (const [name, manifest] of Object.entries({ up: { kernel: '../../etc/shadow' }, deep: { initrd: '/etc/shadow' }, dots: { kernel: '..' } })) {
    await place(`${name}.qcow2`, disk());
    await place(`${name}.json`, manifest);
  }
  await place('broken.qcow2', disk());
  await place('broken.json', Buffer.from('{'));
  expect(await store.list()).toEqual([]);
  expect(warnings.join('\n')).toContain('expected the name of a file in the same folder');
});

test('an image that is not there is refused with the place to put one', async () => {
  await expect(store.get('none')).rejects.toMatchObject({ fault: 'INVALID_IMAGE', message: expect.stringContaining(folder) as string });
  await expect(store.get('../images/x')).rejects.toMatchObject({ fault: 'INVALID_IMAGE' });
});

test('a machine keeps the files that it was lent when the image is replaced, and one that lacks its kernel is refused', async () => {
  await place('linux.qcow2', disk());
  await place('linux.json', { kernel: 'vmlinuz' });
  const machine = new MachineFolder(folder, 'machine');
  await machine.write({ spec: { id: 'machine', name: '', imageId: 'linux', flavorId: '', internetAccess: false }, flavor: { cpus: 1, memoryBytes: 1, diskBytes: 1 }, boot: null, address: '', ports: [], launched: false });
  await expect(store.lend(await store.get('linux'), machine)).rejects.toMatchObject({ fault: 'INVALID_IMAGE', message: expect.stringContaining('vmlinuz') as string });
  await place('vmlinuz', Buffer.from('kernel 1'));
  for (let time = 0; time < 2; time++) await store.lend(await store.get('linux'), machine);
  await rm(join(folder, 'vmlinuz'));
  await place('vmlinuz', Buffer.from('kernel 2'));
  expect(await readFile(machine.kernel, 'utf8')).toBe('kernel 1');
});

test('only snapshots can be deleted, whole or in part, and as often as one likes', async () => {
  await place('precious.qcow2', disk());
  await expect(store.remove('precious')).rejects.toMatchObject({ fault: 'CONFLICT' });
  await place('half.json', { snapshot: true });
  await place('half.kernel', Buffer.from('kernel'));
  await place('.half.part', Buffer.from('half a disk'));
  for (let time = 0; time < 2; time++) await store.remove('half');
  expect(await readdir(folder)).toEqual(['precious.qcow2']);
});
