import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { StoreError, type ByteRange, type Store, type StoreFault } from '@hutong/ai-arts/drivers/store';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { runSeed, seeded } from '../testkit/seed.js';

/** A real store to hold a driver against. */
export interface StoreUnderTest {
  /** A driver as a start of ours opens it. */
  open(): Promise<Store>;
  /** Removes them, as a sweep does a day later. */
  sweepLater(): Promise<void>;
  /** The largest file that is put, in bytes. */
  large: number;
  /** What `store.process.ts` opens the same store with. */
  settings: unknown;
  /** How many files a page of its listing has, and one more is listed. */
  page: number;
  /** What the store holds beside whole files, found without the driver. */
  leftovers(): Promise<string[]>;
  /** Whether the server itself keeps the order of the listing. */
  listsInOrder: boolean;
}

const MIB = 1024 * 1024;
/** What putting and getting a file of any size may take. */
const MOST_MEMORY = 96 * MIB;
const SIZES = [0, 1, 65_536, 5 * MIB, 17 * MIB + 3];

/** Keys that file systems, URLs and servers stumble over; in no order. */
const HOSTILE_KEYS = [
  'plain.txt', 'a', 'a/b', 'a.b', 'a-b', 'a+', 'a=', 'a%2Fb', 'a%', '%00', '%', 'C:\\windows\\system32', 'con', 'nul.txt', '.hidden', '..hidden', '...', 'trailing.', 'trailing ', ' leading',
  '数据集/训练 集/图片①.png', '😀/\u{10ffff}/\uffff', 'e\u0301 and é', 'ÄÖÜ', 'äöü', 'quote"\'`$(rm -rf)', '<xml>&amp;', 'a?b#c', 'a&b=c;d', '*?[a-z]', '~', '-rf', '--', 'tab-free', '{}|^', 'line\u2028separator',
  '\u202egnp.exe', 'x'.repeat(80), 'x'.repeat(81), `${'x'.repeat(80)}/y`, `${'x'.repeat(80)}.y`, 'x'.repeat(240), 'y'.repeat(900), 'é'.repeat(450), Array.from({ length: 450 }, () => 'd').join('/').slice(0, 899), '😀'.repeat(225),
];

const REFUSED_KEYS = ['', '/', '/a', 'a/', 'a//b', '.', '..', '../a', 'a/../b', 'a/.', './a', 'a\nb', 'a\0b', 'a\tb', 'a\x7fb', 'a\u0085b', 'half \ud800', 'z'.repeat(901), 'é'.repeat(451)];

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const byBytes = (one: string, other: string): number => Buffer.compare(Buffer.from(one), Buffer.from(other));
const bytesOf = (text: string): Readable => Readable.from([Buffer.from(text)]);

/** What every driver promises, in the words of `drivers/store/store.ts`. */
export function storeContract(prepare: () => Promise<StoreUnderTest>): void {
  let under: StoreUnderTest;
  let store: Store;
  const { signal } = new AbortController();

  beforeAll(async () => {
    under = await prepare();
    store = await under.open();
  });

  afterEach(async () => {
    await store.deleteAll('', signal);
    expect(await keys('')).toEqual([]);
    expect(await under.leftovers()).toEqual([]);
  });

  afterAll(() => store?.close());

  const put = (key: string, text: string) => store.put(key, bytesOf(text), signal);
  const read = async (key: string, range?: ByteRange): Promise<string> => (await buffer(await store.get(key, signal, range))).toString();
  const faultOf = async (call: Promise<unknown>): Promise<StoreFault | undefined> => {
    const error = await call.then(() => undefined, (reason: unknown) => reason);
    expect(error).toBeInstanceOf(StoreError);
    return (error as StoreError).fault;
  };

  async function keys(prefix: string): Promise<string[]> {
    const found: string[] = [];
    for await (const file of store.list(prefix, signal)) found.push(file.key);
    return found;
  }

  test('it is ready', async () => {
    expect(await store.status(signal)).toEqual({ ready: true, message: null });
  });

  test.each(SIZES)('a file of %i bytes comes back as it was put, with its size and hash', async (size) => {
    const bytes = randomBytes(size);
    const began = Date.now();
    const stored = await store.put('sets/1/weights.bin', Readable.from(pieces(bytes)), signal);
    expect(stored).toEqual({ sizeBytes: size, sha256: sha256(bytes) });
    expect((await buffer(await store.get('sets/1/weights.bin', signal))).equals(bytes)).toBe(true);
    const found = await store.stat('sets/1/weights.bin', signal);
    expect(found).toMatchObject({ key: 'sets/1/weights.bin', sizeBytes: size });
    expect(Math.abs(found!.modifiedAt.getTime() - began)).toBeLessThan(600_000);
  });

  describe('parts of a file of ten bytes', () => {
    test.each<[string, ByteRange, string]>([
      ['its first byte', { from: 0, to: 0 }, '0'],
      ['its last byte', { from: 9 }, '9'],
      ['the middle', { from: 3, to: 5 }, '345'],
      ['all of it', { from: 0, to: 9 }, '0123456789'],
      ['an end far behind', { from: 8, to: 10_000_000 }, '89'],
    ])('%s', async (_, range, expected) => {
      await put('ten', '0123456789');
      expect(await read('ten', range)).toBe(expected);
    });

    test('a part that begins behind the end is a fault of its own', async () => {
      await put('ten', '0123456789');
      expect(await faultOf(store.get('ten', signal, { from: 10 }))).toBe('RANGE');
      expect(await faultOf(store.get('ten', signal, { from: 5_000_000_000, to: 5_000_000_001 }))).toBe('RANGE');
      await put('empty', '');
      expect(await faultOf(store.get('empty', signal, { from: 0 }))).toBe('RANGE');
    });
  });

  test('what is not there is told so, and deleting it is no fault', async () => {
    await put('a/b', 'x');
    for (const key of ['a', 'a/b/c', 'b', '数据']) {
      expect(await faultOf(store.get(key, signal))).toBe('NOT_FOUND');
      expect(await store.stat(key, signal)).toBeNull();
      await store.delete(key, signal);
    }
    expect(await keys('')).toEqual(['a/b']);
    expect(await keys('nothing/here/')).toEqual([]);
    await store.deleteAll('nothing/here/', signal);
    await store.delete('a/b', signal);
    expect(await keys('')).toEqual([]);
  });

  test('every hostile key keeps a file of its own, and they are listed in the order of their bytes', async () => {
    const seed = runSeed();
    const random = seeded(seed);
    console.log(`keys: HUTONG_TEST_SEED=${seed}`);
    for (const key of HOSTILE_KEYS.toSorted(() => random() - 0.5)) await put(key, key);
    const listed = await keys('');
    expect(under.listsInOrder ? listed : listed.toSorted(byBytes)).toEqual(HOSTILE_KEYS.toSorted(byBytes));
    for (const key of HOSTILE_KEYS) {
      expect(await read(key)).toBe(key);
      expect(await store.stat(key, signal)).toMatchObject({ key, sizeBytes: Buffer.byteLength(key) });
    }
    for (const key of HOSTILE_KEYS) await store.delete(key, signal);
  });

  test.each(REFUSED_KEYS)('%j is no key', async (key) => {
    const refused = { name: 'TypeError' };
    expect(() => store.put(key, bytesOf('x'), signal)).toThrow(expect.objectContaining(refused));
    expect(() => store.get(key, signal)).toThrow(expect.objectContaining(refused));
    expect(() => store.stat(key, signal)).toThrow(expect.objectContaining(refused));
    expect(() => store.delete(key, signal)).toThrow(expect.objectContaining(refused));
    if (key !== '') expect(() => store.deleteAll(`${key}/`, signal)).toThrow(expect.objectContaining(refused));
  });

  test('a copy is a file of its own, whatever becomes of the other', async () => {
    for (const key of HOSTILE_KEYS) {
      await put(key, key);
      await store.copy(key, `copies/${Buffer.from(key).toString('hex').slice(0, 800)}`, signal);
    }
    await store.copy('a.b', 'a.b', signal);
    await store.copy('a-b', 'a+', signal);
    expect([await read('a.b'), await read('a+')]).toEqual(['a.b', 'a-b']);
    await put('a-b', 'another');
    expect(await read('a+')).toBe('a-b');
    for (const key of HOSTILE_KEYS) await store.delete(key, signal);
    for (const key of HOSTILE_KEYS) expect(await read(`copies/${Buffer.from(key).toString('hex').slice(0, 800)}`)).toBe(key);
    const large = randomBytes(17 * MIB + 3);
    await store.put('large', Readable.from(pieces(large)), signal);
    await store.copy('large', '数据集/a copy', signal);
    await store.delete('large', signal);
    expect((await buffer(await store.get('数据集/a copy', signal))).equals(large)).toBe(true);
    expect(await faultOf(store.copy('large', 'none', signal))).toBe('NOT_FOUND');
    expect(await store.stat('none', signal)).toBeNull();
    await expect(store.copy('数据集/a copy', 'none', AbortSignal.abort(new Error('no more')))).rejects.toThrow('no more');
  });

  test('a listing begins with its prefix, and deleting all below one leaves its neighbours', async () => {
    for (const key of ['sets/1/a', 'sets/1/b/c', 'sets/1/b/d', 'sets/10/a', 'sets/1', 'set/1/a']) await put(key, key);
    expect(await keys('sets/1/')).toEqual(['sets/1/a', 'sets/1/b/c', 'sets/1/b/d']);
    expect(await keys('sets/1/b/')).toEqual(['sets/1/b/c', 'sets/1/b/d']);
    await store.deleteAll('sets/1/', signal);
    await store.deleteAll('sets/1/', signal);
    expect(await keys('')).toEqual(['set/1/a', 'sets/1', 'sets/10/a']);
  });

  test('more files than a page of the listing holds are all listed, and all deleted', async () => {
    const names = Array.from({ length: under.page + 5 }, (_, index) => `many/${index}`);
    for (let start = 0; start < names.length; start += 50) await Promise.all(names.slice(start, start + 50).map((name) => put(name, name)));
    expect((await keys('many/')).toSorted(byBytes)).toEqual(names.toSorted(byBytes));
    await store.deleteAll('many/', signal);
    expect(await keys('many/')).toEqual([]);
  });

  test('files of one folder are put and deleted at the same time', async () => {
    await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        await put(`busy/folder/${index}`, String(index));
        if (index % 2 === 0) await store.delete(`busy/folder/${index}`, signal);
      }),
    );
    expect((await keys('busy/')).length).toBe(20);
  });

  test('who reads a file goes on reading it while another takes its place, and none is seen half', async () => {
    const old = randomBytes(4 * MIB);
    await store.put('model', Readable.from(pieces(old)), signal);
    const reading = await store.get('model', signal);
    await once(reading, 'readable');
    const first = reading.read(1_000) as Buffer;
    await put('model', 'new');
    expect(await read('model')).toBe('new');
    expect(Buffer.concat([first, await buffer(reading)]).equals(old)).toBe(true);
  });

  test('what a body fails with is what the put fails with, and nothing is left of it', async () => {
    await put('kept', 'the old one');
    const fault = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', errno: -104, syscall: 'read' });
    for (const bytes of [0, 3, 12 * MIB]) {
      await expect(store.put('kept', failing(bytes, fault), signal)).rejects.toBe(fault);
      await expect(store.put('new', failing(bytes, fault), signal)).rejects.toBe(fault);
    }
    expect(await keys('')).toEqual(['kept']);
    expect(await read('kept')).toBe('the old one');
  });

  test.each([0, 3, 12 * MIB])('a put that is aborted after %i bytes, while its body has nothing to say, lets go of the body and leaves nothing', async (bytes) => {
    const abort = new AbortController();
    const reason = new Error('the client went away');
    const body = new Readable({ read() {} });
    if (bytes > 0) body.push(randomBytes(bytes));
    const putting = store.put('half', body, abort.signal);
    await expect.poll(() => body.readableLength).toBe(0);
    abort.abort(reason);
    await expect(putting).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    expect(await store.stat('half', signal)).toBeNull();
  });

  test('every call of a signal that has aborted rejects with its reason', async () => {
    const reason = new Error('too late');
    const late = AbortSignal.abort(reason);
    await put('a', 'x');
    const calls = [store.put('b', bytesOf('x'), late), store.get('a', late), store.stat('a', late), store.list('', late)[Symbol.asyncIterator]().next(), store.delete('a', late), store.deleteAll('a/', late), store.sweep(late)];
    for (const call of calls) await expect(call).rejects.toBe(reason);
    const body = bytesOf('x');
    await expect(store.put('b', body, late)).rejects.toBe(reason);
    expect(body.destroyed).toBe(true);
    expect(await keys('')).toEqual(['a']);
  });

  test('a stream fails when its call is aborted, and one that is destroyed holds nothing', async () => {
    await store.put('large', Readable.from(pieces(randomBytes(8 * MIB))), signal);
    const abort = new AbortController();
    const reason = new Error('enough');
    const reading = await store.get('large', abort.signal);
    await once(reading, 'readable');
    abort.abort(reason);
    await expect(buffer(reading)).rejects.toBe(reason);
    const dropped = await store.get('large', signal);
    dropped.destroy();
    await once(dropped, 'close');
  });

  test('a process that is killed in the middle of a put leaves nothing that is listed', async () => {
    const child = spawnStore(under.settings, Number.MAX_SAFE_INTEGER);
    const ended = once(child, 'exit');
    let lines = 0;
    for await (const _ of createInterface({ input: child.stdout })) {
      lines += 1;
      if (lines === 12) child.kill('SIGKILL');
    }
    await ended;
    expect(await keys('')).toEqual(['warm']);
    await store.sweep(signal);
    expect(await under.leftovers()).not.toEqual([]);
    await under.sweepLater();
    expect(await keys('')).toEqual(['warm']);
  });

  test('a large file goes through in little memory', async () => {
    const child = spawnStore(under.settings, under.large);
    const lines: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) lines.push(line);
    const { read, afterPut, afterGet } = JSON.parse(lines.at(-1)!) as Record<'read' | 'afterPut' | 'afterGet', number>;
    console.log(`${under.large / MIB} MiB: put with ${Math.round(afterPut / MIB)} MiB of memory, got with ${Math.round(afterGet / MIB)}`);
    expect(read).toBe(under.large);
    expect(Math.max(afterPut, afterGet)).toBeLessThan(MOST_MEMORY);
  });

  test('a sweep leaves puts that may still be under way', async () => {
    const body = new Readable({ read() {} });
    body.push(randomBytes(6 * MIB));
    const putting = store.put('slow', body, signal);
    await expect.poll(() => body.readableLength).toBe(0);
    await store.sweep(signal);
    body.push('end');
    body.push(null);
    expect((await putting).sizeBytes).toBe(6 * MIB + 3);
  });
}

function spawnStore(settings: unknown, bytes: number): ChildProcessByStdio<null, Readable, null> {
  const program = join(import.meta.dirname, 'store.process.ts');
  return spawn(process.execPath, ['--import', '@oxc-node/core/register', program, JSON.stringify(settings), String(bytes)], { cwd: import.meta.dirname, stdio: ['ignore', 'pipe', 'inherit'] });
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += 100_003) yield bytes.subarray(start, start + 100_003);
}

async function* failing(bytes: number, fault: Error): AsyncGenerator<Uint8Array> {
  if (bytes > 0) yield randomBytes(bytes);
  throw fault;
}
