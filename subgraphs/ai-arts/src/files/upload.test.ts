import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { readFile, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { StoreError } from '../drivers/store/store.js';
import { tarOf } from '../testkit/archives.js';
import { filesHouse, type FilesHouse } from '../testkit/files.house.js';

let house: FilesHouse;

beforeAll(async () => {
  house = await filesHouse();
});

afterEach(() => {
  house.store.before = () => undefined;
});

afterAll(() => house?.close());

const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex');

test('a file is kept with its size and hash, under a path that shows its folder', async () => {
  const alice = house.actor();
  const body = Buffer.from('a,b\n1,2\n');
  const set = await alice.uploaded('points.csv', body, { dir: '2026/十一月' });
  expect(set).toMatchObject({ path: `dataset/${set.id}/2026/十一月`, sizeBytes: 8, fileCount: 1, sha256: sha256(body), isPrivate: true, expiresAt: expect.any(String) });
  expect(set.files).toEqual({ totalCount: 1, nodes: [{ path: '2026/十一月/points.csv', sizeBytes: 8, sha256: sha256(body) }] });
});

test('an archive is unpacked, and its hash is that of the list of its files', async () => {
  const files = { './b/é.txt': 'two', 'a.txt': 'one', 'b/c/d.txt': 'three' };
  const list = [['a.txt', 'one'], ['b/c/d.txt', 'three'], ['b/é.txt', 'two']].map(([name, text]) => `${sha256(text!)}  ${name}\n`).join('');
  const tar = await tarOf(files);
  const alice = house.actor();
  for (const [name, body] of [['x.tar', tar], ['x.tar.gz', gzipSync(tar)], ['x.TGZ', gzipSync(tar)]] as const) {
    const set = await alice.uploaded(name, body);
    expect(set).toMatchObject({ fileCount: 3, sizeBytes: 11, sha256: sha256(list), files: { totalCount: 3 } });
  }
  expect(await readdir(path.join(house.folder, 'ai-arts/incoming'))).toEqual([]);
});

test('a set is staged read-only once for equal content, and copied to be changed', async () => {
  const alice = house.actor();
  const tar = await tarOf({ 'train.py': 'print(1)', 'lib/net.py': 'x = 1' });
  const [one, two] = [await alice.uploaded('a.tar', tar), await alice.uploaded('b.tar', tar)];
  const signal = new AbortController().signal;
  const { files } = house.services;
  const [folder, again] = await Promise.all([files.stage(one.id, signal), files.stage(two.id, signal)]);
  expect(again).toBe(folder);
  expect(await readFile(path.join(folder, 'lib/net.py'), 'utf8')).toBe('x = 1');
  expect((await stat(path.join(folder, 'lib'))).mode & 0o777).toBe(0o555);
  expect((await stat(path.join(folder, 'train.py'))).mode & 0o777).toBe(0o444);
  await files.copyTo(one.id, path.join(house.folder, 'work'), signal);
  expect((await stat(path.join(house.folder, 'work/lib/net.py'))).mode & 0o200).toBe(0o200);
});

test('a full disk, and a store that is away, leave nothing of an upload', async () => {
  const alice = house.actor();
  const before = await house.keys();
  const tar = await tarOf({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c'.repeat(2_000_000) });
  for (const [fault, code] of [['FULL', 'STORE_FULL'], ['UNREACHABLE', 'STORE_UNAVAILABLE']] as const) {
    house.store.before = (step, key) => {
      if (step === 'put' && /[bc]\.txt$/.test(key)) throw new StoreError(fault, 'no');
    };
    expect(await alice.refused('x.tar', tar)).toMatch(new RegExp(`^${code} `));
    expect(await alice.refused('b.txt', Buffer.from('b'))).toMatch(new RegExp(`^${code} `));
  }
  expect(await house.keys()).toEqual(before);
});

test('archives beyond those that are unpacked at a time wait for their turn', async () => {
  const archives = ['1.tar', '2.tar', '3.tar'];
  const narrow = await filesHouse({ unpack: { files: 10, bytes: 2 ** 20, ratio: 10, atOnce: 1 } });
  try {
    const alice = narrow.actor();
    const putting = new Map<string, PromiseWithResolvers<void>>();
    narrow.store.before = (step, key) => {
      if (step !== 'put') return;
      const held = Promise.withResolvers<void>();
      putting.set(key, held);
      return held.promise;
    };
    const sets = await Promise.all(archives.map(async (name) => (await alice.upload(name, await tarOf({ a: name }), { waitSeconds: 0 })).data.uploadFiles.id as string));
    const unpacked: string[] = [];
    while (unpacked.length < sets.length) {
      await expect.poll(() => putting.size).toBe(1);
      const [[key, held]] = putting.entries() as unknown as [[string, PromiseWithResolvers<void>]];
      unpacked.push(key.split('/')[1]!);
      putting.clear();
      held.resolve();
    }
    expect(unpacked.toSorted()).toEqual(sets.toSorted());
  } finally {
    await narrow.close();
  }
});
