import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, mkdir, readdir, rename, rm, symlink, truncate, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { DiskStore } from '@hutong/ai-arts/drivers/store/disk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const MIB = 1024 * 1024;
const DAY_MS = 24 * 60 * 60 * 1_000;
const { signal } = new AbortController();

const open = (folder: string) => DiskStore.open({ folder, leftoverMs: DAY_MS });
const bytes = (size: number) => Readable.from([randomBytes(size)]);

async function keysOf(store: DiskStore): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list('', signal)) keys.push(key);
  return keys;
}

describe('what happens to the folder of a store', () => {
  let folder: string;
  let store: DiskStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hutong-store-'));
    store = await open(folder);
    await store.put('sets/1/a', bytes(10), signal);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('no part of a key is a name of the file system', async () => {
    await store.put('x/..a/.b/c d/é', bytes(1), signal);
    const names = await readdir(folder, { recursive: true });
    expect(names.flatMap((name) => name.split('/')).filter((name) => !/^[\w%=+-][\w.%=+-]*$/.test(name))).toEqual([]);
    await store.deleteAll('x/', signal);
  });

  test('what others put there is none of ours', async () => {
    await symlink('/etc/passwd', join(folder, 'files/link'));
    await writeFile(join(folder, 'files/not ours'), '');
    await mkdir(join(folder, 'files/lost+found'));
    expect(await keysOf(store)).toEqual(['sets/1/a']);
    await expect(store.get('link', signal)).rejects.toMatchObject({ name: 'StoreError' });
    for (const name of ['link', 'not ours', 'lost+found']) await rm(join(folder, 'files', name), { recursive: true });
  });

  test('a file that is cut short while it is read fails rather than ends', async () => {
    await store.put('cut', bytes(4 * MIB), signal);
    const reading = await store.get('cut', signal);
    await truncate(join(folder, 'files/cut'), MIB);
    await expect(buffer(reading)).rejects.toMatchObject({ name: 'StoreError', fault: 'FAILED' });
    await store.delete('cut', signal);
  });

  test('a file writes itself to a slow receiver, and lets go of one that hangs up', async () => {
    const content = randomBytes(3 * MIB + 5);
    await store.put('sent', Readable.from([content]), signal);
    const got: Buffer[] = [];
    const slow = new Writable({
      write(chunk: Buffer, _, done) {
        setImmediate(() => {
          got.push(Buffer.from(chunk));
          done();
        });
      },
    });
    await (await store.get('sent', signal, { from: 3 })).sendTo(slow);
    expect(Buffer.concat(got).equals(content.subarray(3))).toBe(true);
    const gone = new Writable({ write: () => void gone.destroy() });
    const reading = await store.get('sent', signal);
    await expect(reading.sendTo(gone)).rejects.toThrow('the receiver is gone');
    expect(reading.destroyed).toBe(true);
    await store.delete('sent', signal);
  });

  test('what a dead process left is swept after a day, and not before', async () => {
    const temporary = join(folder, 'temporary');
    await writeFile(join(temporary, 'old'), 'x');
    await writeFile(join(temporary, 'new'), 'x');
    const then = new Date(Date.now() - DAY_MS - 60_000);
    await utimes(join(temporary, 'old'), then, then);
    await store.sweep(signal);
    expect(await readdir(temporary)).toEqual(['new']);
    await rm(join(temporary, 'new'));
  });

  test('a folder that is gone, as one that is not mounted, is not a store without files', async () => {
    await rename(folder, `${folder}.away`);
    try {
      const refused = { name: 'StoreError', fault: 'REFUSED', message: expect.not.stringContaining(folder) as string };
      await expect(store.stat('sets/1/a', signal)).rejects.toMatchObject(refused);
      await expect(store.get('sets/1/a', signal)).rejects.toMatchObject(refused);
      await expect(store.put('b', bytes(1), signal)).rejects.toMatchObject(refused);
      await expect(store.delete('sets/1/a', signal)).rejects.toMatchObject(refused);
      await expect(store.deleteAll('sets/1/', signal)).rejects.toMatchObject(refused);
      await expect(keysOf(store)).rejects.toMatchObject(refused);
      expect(await store.status(signal)).toMatchObject({ ready: false, message: expect.stringContaining('not there') as string });
    } finally {
      await rename(`${folder}.away`, folder);
    }
    expect(await keysOf(store)).toEqual(['sets/1/a']);
  });
});

const mayMount = process.platform === 'linux' && process.geteuid?.() === 0 && canMount();

/** Some containers keep even root from it. */
function canMount(): boolean {
  try {
    execFileSync('unshare', ['--mount', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

describe.skipIf(!mayMount)('a disk that is full', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'hutong-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=6m', 'tmpfs', folder]);
  });

  afterAll(async () => {
    execFileSync('umount', [folder]);
    await rm(folder, { recursive: true });
  });

  test('refuses a file that does not fit, keeps nothing of it, and takes one that fits', async () => {
    const store = await open(folder);
    await store.put('kept', Readable.from([Buffer.from('old')]), signal);
    const body = Readable.from(Array.from({ length: 40 }, () => randomBytes(MIB / 4)));
    await expect(store.put('kept', body, signal)).rejects.toMatchObject({ name: 'StoreError', fault: 'FULL' });
    expect(body.destroyed).toBe(true);
    expect(await readdir(join(folder, 'temporary'))).toEqual([]);
    expect((await buffer(await store.get('kept', signal))).toString()).toBe('old');
    expect(await store.put('fits', bytes(4 * MIB), signal)).toMatchObject({ sizeBytes: 4 * MIB });
    await store.delete('fits', signal);
    expect(await store.status(signal)).toMatchObject({ ready: true });
  });
});
