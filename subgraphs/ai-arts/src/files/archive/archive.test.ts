import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { tarOf, zipOf, type TarEntry, type ZipEntry } from '../../testkit/archives.js';
import { filesHouse, type FilesActor, type FilesHouse } from '../../testkit/files.house.js';

let house: FilesHouse;
let alice: FilesActor;

beforeAll(async () => {
  house = await filesHouse({ unpack: { files: 1_000, bytes: 66 * 2 ** 20, ratio: 50, atOnce: 4 } });
  alice = house.actor();
});

afterAll(() => house?.close());

/** What a name must not be, in archives of any kind. */
const PATHS: Record<string, string[]> = {
  'an absolute name': ['/etc/passwd'],
  'two slashes first': ['//server/share'],
  'one folder up': ['../evil'],
  'up from below': ['a/../../evil'],
  'up and down again': ['a/../b'],
  'up at the end': ['a/..'],
  'up behind ./': ['./../evil'],
  'a dot between': ['a/./b'],
  'an empty part': ['a//b'],
  'a backslash up': [String.raw`..\evil`],
  'a backslash below': [String.raw`a\b`],
  'a drive': ['C:/Windows/evil.dll'],
  'a drive without a slash': ['c:evil'],
  'a share of Windows': [String.raw`\\server\share\evil`],
  'a device path of Windows': [String.raw`\\?\C:\evil`],
  'a new line': ['a\nb'],
  'a carriage return': ['a\rb'],
  'an escape': ['\u001b[2Ja'],
  'a delete': ['a\u007f'],
  'a C1 control': ['a\u0085b'],
  'a turned name': ['gpj.\u202eexe.png'],
  'a part that ends in a dot': ['a./b'],
  'a part of dots only': ['.../b'],
  'a part that ends in a space': ['.. /evil'],
  'a long part': ['x'.repeat(256)],
  'a long part in bytes': ['长'.repeat(86)],
  'a long path': [`${'abcdefg/'.repeat(90)}x`],
  'the same twice': ['a', 'a'],
  'the same but for case': ['README', 'readme'],
  'the same but for case, in folders': ['Data/x', 'data/X'],
  'the same letters in two forms': ['caf\u00e9', 'cafe\u0301'],
  'the same but for ./': ['a', './a'],
  'a file that is a folder': ['a', 'a/b'],
  'a folder that is a file': ['a/b', 'a'],
};

async function incoming(): Promise<string[]> {
  return readdir(path.join(house.folder, 'ai-arts/incoming')).catch(() => []);
}

/** What these archives are refused with; nothing of them is left. */
async function refusals(...archives: [name: string, body: Buffer][]): Promise<string[]> {
  const before = await house.keys();
  const texts = await Promise.all(archives.map(([name, body]) => alice.refused(name, body)));
  expect([await house.keys(), await incoming()]).toEqual([before, []]);
  return texts;
}

const refusal = async (name: string, body: Buffer): Promise<string> => (await refusals([name, body]))[0]!;

describe.each(Object.entries(PATHS))('an archive with %s', (_, names) => {
  test('is refused as a zip, and as a tar', { tags: ['ai-arts/4.4/names', 'ai-arts/4.4/checked-first'] }, async () => {
    const zip = zipOf(['ok.txt', ...names].map((name) => ({ name, data: 'x' })));
    const tar = await tarOf(['ok.txt', ...names].map((name) => ({ name, text: 'x' })));
    const texts = await refusals(['x.zip', zip], ['x.tar', tar], ['x.tar.gz', gzipSync(tar)]);
    for (const text of texts) expect(text).toMatch(/^PATH_INVALID /);
  });
});

test('a zip with links, devices, names with U+0000 or in no encoding, or what it cannot say is refused', { tags: ['ai-arts/4.4/links'] }, async () => {
  const refused: [string, ZipEntry[]][] = [
    ['PATH_INVALID', [{ name: 'link', data: '/etc/passwd', mode: 0o120777 }]],
    ['PATH_INVALID', [{ name: 'link', data: 'ok.txt', mode: 0o120777 }]],
    ['PATH_INVALID', [{ name: 'sda', mode: 0o060660 }]],
    ['PATH_INVALID', [{ name: 'null', mode: 0o020666 }]],
    ['PATH_INVALID', [{ name: 'pipe', mode: 0o010666 }]],
    ['PATH_INVALID', [{ name: 'socket', mode: 0o140666 }]],
    ['PATH_INVALID', [{ name: 'a\0b' }]],
    ['PATH_INVALID', [{ name: Buffer.from([0x61, 0xff, 0xfe]) }]],
    ['PATH_INVALID', [{ name: '' }]],
    ['PATH_INVALID', [{ name: 'folder/', data: 'bytes' }]],
    ['PATH_INVALID', [{ name: 'a', data: 'x' }, { name: 'a/' }]],
    ['FILE_TYPE_REFUSED', [{ name: 'secret', data: 'x', flags: 0x801 }]],
    ['FILE_TYPE_REFUSED', [{ name: 'lzma', data: 'x', method: 14 }]],
    ['ARCHIVE_BROKEN', [{ name: 'folder/' }]],
    ['ARCHIVE_BROKEN', []],
  ];
  for (const [code, entries] of refused) expect(await refusal('x.zip', zipOf(entries)), JSON.stringify(entries)).toMatch(new RegExp(`^${code} `));
});

test('a tar with links, devices, names with U+0000 or in no encoding is refused', { tags: ['ai-arts/4.4/links'] }, async () => {
  const refused: [string, TarEntry[]][] = [
    ['PATH_INVALID', [{ name: 'link', type: 'symlink', linkname: '/etc/passwd' }]],
    ['PATH_INVALID', [{ name: 'link', type: 'symlink', linkname: 'ok' }]],
    ['PATH_INVALID', [{ name: 'ok', text: 'x' }, { name: 'hard', type: 'link', linkname: 'ok' }]],
    ['PATH_INVALID', [{ name: 'hard', type: 'link', linkname: '/etc/shadow' }]],
    ['PATH_INVALID', [{ name: 'null', type: 'character-device' }]],
    ['PATH_INVALID', [{ name: 'sda', type: 'block-device' }]],
    ['PATH_INVALID', [{ name: 'pipe', type: 'fifo' }]],
    ['PATH_INVALID', [{ name: 'dir', type: 'symlink', linkname: '/tmp' }, { name: 'dir/x', text: 'x' }]],
    ['PATH_INVALID', [{ name: `a\0b${'长'.repeat(50)}`, text: 'x' }]],
    ['PATH_INVALID', [{ name: '../', type: 'directory' }]],
    ['PATH_INVALID', [{ name: '/', type: 'directory' }]],
    ['ARCHIVE_BROKEN', [{ name: './', type: 'directory' }, { name: 'a/', type: 'directory' }]],
    ['ARCHIVE_BROKEN', []],
  ];
  for (const [code, entries] of refused) expect(await refusal('x.tar', await tarOf(entries)), JSON.stringify(entries)).toMatch(new RegExp(`^${code} `));
  const bad = await tarOf([{ name: 'ab', text: 'x' }]);
  bad[1] = 0xff;
  expect(await refusal('x.tar', checksummed(bad))).toMatch(/^PATH_INVALID .*not UTF-8/);
  const odd = await tarOf([{ name: 'ab', text: 'x' }]);
  odd[156] = 0x5a;
  expect(await refusal('x.tar', checksummed(odd))).toMatch(/^PATH_INVALID .*neither a file nor a folder/);
});

test('bombs are refused before they go off', { tags: ['ai-arts/4.4/caps'], timeout: 120_000 }, async () => {
  const zeros = Buffer.alloc(65 * 2 ** 20);
  expect(await refusal('ratio.zip', zipOf([{ name: 'zeros', data: zeros }]))).toMatch(/^FILE_TYPE_REFUSED .*50 times its size/);
  expect(await refusal('ratio.tgz', gzipSync(await tarOf({ zeros: zeros.toString() })))).toMatch(/^FILE_TYPE_REFUSED .*50 times its size/);
  // Zeros behind the end of the tar are none of its files, and come out all the same.
  expect(await refusal('tail.tgz', gzipSync(Buffer.concat([await tarOf({ a: 'a' }), zeros])))).toMatch(/^FILE_TYPE_REFUSED .*50 times its size/);
  const kernel = { name: 'a', data: 'x'.repeat(10_000) };
  const overlapping = zipOf([kernel, ...Array.from({ length: 500 }, (_, place) => ({ ...kernel, name: `b${place}`, says: { offset: 0 } }))]);
  expect(await refusal('overlap.zip', overlapping)).toMatch(/^FILE_TYPE_REFUSED .*lie on each other/);
  expect(await refusal('lie.zip', zipOf([{ name: 'small', data: zeros, says: { size: 10 } }]))).toMatch(/^FILE_TYPE_REFUSED .*larger than the archive says/);
  const noise = Buffer.alloc(67 * 2 ** 20, 'abcdefghijklmnop');
  expect(await refusal('large.zip', zipOf([{ name: 'large', data: noise, method: 0 }]))).toMatch(/^FILES_TOO_LARGE .*AI_ARTS_UNPACKED_BYTES/);
  const many = Array.from({ length: 1_001 }, (_, place) => ({ name: `${place}/`, type: 'directory' as const }));
  expect(await refusal('many.zip', zipOf(many))).toMatch(/^FILES_TOO_LARGE .*AI_ARTS_UNPACKED_FILES/);
  expect(await refusal('many.tar', await tarOf(many))).toMatch(/^FILES_TOO_LARGE .*AI_ARTS_UNPACKED_FILES/);
});

test('what is broken, cut off, or not what its name says is refused', async () => {
  const zip = zipOf([{ name: 'a', data: 'x'.repeat(10_000) }, { name: 'b', data: Buffer.from(Array.from({ length: 5_000 }, (_, place) => (place * 7919) % 251)) }]);
  const tar = await tarOf({ a: 'x'.repeat(10_000), b: 'y'.repeat(10_000) });
  const tgz = gzipSync(Buffer.concat([tar, Buffer.from(Array.from({ length: 5_000 }, (_, place) => (place * 7919) % 251))]));
  const broken = new Map<string, [string, Buffer]>([
    ['a zip cut off', ['x.zip', zip.subarray(0, zip.length - 30)]],
    ['a zip with a wrong checksum', ['x.zip', zipOf([{ name: 'a', data: 'x', says: { crc: 1 } }])]],
    ['a zip whose file is shorter than said', ['x.zip', zipOf([{ name: 'a', data: 'x', says: { size: 5 } }])]],
    ['a zip that points behind itself', ['x.zip', zipOf([{ name: 'a', data: 'x', says: { offset: 1_000_000 } }])]],
    ['a tar cut off', ['x.tar', tar.subarray(0, 15_000)]],
    ['a tar with a wrong checksum', ['x.tar', Buffer.concat([tar.subarray(0, 10), Buffer.from('z'), tar.subarray(11)])]],
    ['a tar.gz cut off', ['x.tar.gz', tgz.subarray(0, tgz.length - 200)]],
    ['a tar.gz with a wrong checksum', ['x.tar.gz', Buffer.concat([tgz.subarray(0, -8), Buffer.from([tgz.at(-8)! ^ 0xff]), tgz.subarray(-7)])]],
  ]);
  for (const [what, [name, body]] of broken) expect(await refusal(name, body), what).toMatch(/^ARCHIVE_BROKEN /);
  for (const name of ['x.zip', 'x.tar.gz']) expect(await refusal(name, Buffer.from('plain text')), name).toMatch(/^FILE_TYPE_REFUSED /);
  expect(await refusal('x.tar', gzipSync(tar))).toMatch(/^FILE_TYPE_REFUSED /);
});

test('names that are good anywhere are kept, whatever language and archiver they come from', async () => {
  const names = ['训练/图片 1.png', 'a.b/.hidden', 'con/aux.txt', '10:30.csv', 'ünï/ö', '~', '-rf', '...x', 'a'.repeat(255)];
  const kept = async (name: string, body: Buffer) => (await alice.uploaded(name, body)).files.nodes.map((file: { path: string }) => file.path);
  const sorted = names.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(await kept('x.zip', zipOf(names.map((name) => ({ name, data: name }))))).toEqual(sorted);
  expect(await kept('x.tar', await tarOf(names.map((name) => ({ name: `./${name}`, text: name }))))).toEqual(sorted);
  // 数据.txt as Windows in China writes it, and in UTF-8 as others do without saying so.
  const gbk = Buffer.from([0xca, 0xfd, 0xbe, 0xdd, 0x2e, 0x74, 0x78, 0x74]);
  expect(await kept('x.zip', zipOf([{ name: gbk, data: 'x', flags: 0 }]))).toEqual(['数据.txt']);
  expect(await kept('x.zip', zipOf([{ name: Buffer.from('数据.txt'), data: 'x', flags: 0 }]))).toEqual(['数据.txt']);
  expect(await kept('x.zip', zipOf([{ name: 'folder/', mode: 0o040755 }, { name: 'folder/x', data: 'x', mode: 0o100644 }]))).toEqual(['folder/x']);
});

/** The same tar with the checksum of its first header put right. */
function checksummed(tar: Buffer): Buffer {
  const right = Buffer.from(tar);
  right.fill(0x20, 148, 156);
  const sum = right.subarray(0, 512).reduce((total, byte) => total + byte, 0);
  right.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return right;
}
