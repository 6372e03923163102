import { createHash, randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { createGunzip } from 'node:zlib';
import { Readable } from 'node:stream';
import { extract, pack } from 'tar-stream';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { StoreError } from '../../drivers/store/store.js';
import { bodyOf } from '../file-set.draft.js';
import { filesHouse, type FilesActor, type FilesHouse } from '../../testkit/files.house.js';
import { routeServer, type RouteServer } from '../../testkit/route.server.js';
import { TEST_SECRET } from '@hutong/common/testkit';
import { DownloadLinks } from './download.links.js';

let house: FilesHouse;
let server: RouteServer;
let alice: FilesActor;
let bob: FilesActor;

beforeAll(async () => {
  house = await filesHouse();
  server = await routeServer(house.subgraph.routes);
  alice = house.actor();
  bob = house.actor();
});

afterEach(() => {
  house.store.before = () => undefined;
});

afterAll(async () => {
  await server?.stop();
  await house?.close();
});

const sha256 = (bytes: string | Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') => fetch(`${server.url}${path}`, { method, headers });

async function tarOf(files: Record<string, string>): Promise<Buffer> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return buffer(tar as AsyncIterable<Buffer>);
}

async function unpacked(archive: Buffer): Promise<Record<string, string>> {
  const files: Record<string, string> = {};
  const tar = Readable.from([archive]).pipe(createGunzip()).pipe(extract() as never) as ReturnType<typeof extract>;
  for await (const entry of tar) files[entry.header.name] = (await buffer(entry as AsyncIterable<Buffer>)).toString();
  return files;
}

async function linkTo(id: string, as = alice): Promise<string> {
  const { data } = await as.ask('query ($id: ID!) { fileSet(id: $id) { downloadUrl } }', { id });
  return data.fileSet.downloadUrl as string;
}

describe('one file', () => {
  const bytes = randomBytes(300_000);
  let link: string;
  let path: string;

  beforeAll(async () => {
    const { id } = await alice.uploaded('权重 "v1".bin', bytes);
    path = `/ai_arts/files/${id}`;
    link = await linkTo(id);
  });

  test('comes by its link, to anybody, with its name, length and hash', async () => {
    const answer = await get(link);
    expect(answer.status).toBe(200);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-length': '300000',
      'content-type': 'application/octet-stream',
      'content-disposition': `attachment; filename="?? \\"v1\\".bin"; filename*=UTF-8''%E6%9D%83%E9%87%8D%20%22v1%22.bin`,
      etag: `"${sha256(bytes)}"`,
      'accept-ranges': 'bytes',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
    });
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes)).toBe(true);
  });

  test('comes to its owner by a credential, and to nobody else', async () => {
    expect((await get(path, server.as(alice.as))).status).toBe(200);
    expect((await get(path, server.as(house.actor({ roles: ['ADMIN'] }).as))).status).toBe(200);
    const [stranger, nobody] = [await get(path, server.as(bob.as)), await get(path)];
    expect([stranger.status, await codeOf(stranger)]).toEqual([403, 'NOT_YOURS']);
    expect([nobody.status, await codeOf(nobody)]).toEqual([401, 'UNAUTHENTICATED']);
    const token = house.actor({ scopes: ['ai-arts:write'] });
    expect((await get(path, server.as({ ...alice.as, userId: token.as.userId!, scopes: ['ai-arts:write'] }))).status).toBe(403);
  });

  test.each([
    ['bytes=0-9', 206, 0, 10],
    ['bytes=299990-', 206, 299_990, 300_000],
    ['bytes=-5', 206, 299_995, 300_000],
    ['bytes=299999-9999999', 206, 299_999, 300_000],
    ['bytes=0-', 206, 0, 300_000],
    ['bytes=-999999999', 206, 0, 300_000],
    ['bytes=5-2', 200, 0, 300_000],
    ['bytes=0-1,5-6', 200, 0, 300_000],
    ['lines=1-2', 200, 0, 300_000],
    ['bytes=300000-', 416, 0, 0],
    ['bytes=-0', 416, 0, 0],
  ])('%s is answered with %i', async (range, status, from, to) => {
    const answer = await get(link, { range });
    expect(answer.status).toBe(status);
    expect(Buffer.from(await answer.arrayBuffer()).equals(bytes.subarray(from, to))).toBe(true);
    const contentRange = { 206: `bytes ${from}-${to - 1}/300000`, 416: 'bytes */300000', 200: null }[status];
    expect(answer.headers.get('content-range')).toBe(contentRange);
  });

  test('is not sent again to whoever has it, and a part of it only of the same bytes', async () => {
    const etag = `"${sha256(bytes)}"`;
    for (const tags of [etag, `"other", W/${etag}`, '*']) expect((await get(link, { 'if-none-match': tags })).status).toBe(304);
    expect((await get(link, { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await get(link, { range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
    expect((await get(link, { range: 'bytes=0-9', 'if-range': '"other"' })).status).toBe(200);
  });

  test('is described by HEAD, and nothing else is answered', async () => {
    const head = await get(link, {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '300000', '']);
    expect((await get(link, {}, 'POST')).status).toBe(405);
  });

  test('a link that was changed or is too old leads nowhere', async () => {
    const old = new DownloadLinks(TEST_SECRET, () => Date.now() - 5 * 60_000 - 1).linkTo({ fileSetId: path.split('/').at(-1)!, folder: '', title: 'x' });
    const foreign = new DownloadLinks('another secret of tests').linkTo({ fileSetId: path.split('/').at(-1)!, folder: '', title: 'x' });
    for (const bad of [old, foreign, `${link}x`, link.replace('link=', 'link=A'), `${path}?link=`]) {
      const answer = await get(bad, server.as(alice.as));
      expect([answer.status, await codeOf(answer)]).toEqual([400, 'BAD_INPUT']);
    }
  });

  test('a store that is away is told before the first byte', async () => {
    house.store.before = (step) => {
      if (step === 'get') throw new StoreError('UNREACHABLE', 'no answer');
    };
    const answer = await get(link);
    expect([answer.status, await codeOf(answer), answer.headers.get('content-disposition')]).toEqual([503, 'STORE_UNAVAILABLE', null]);
  });
});

describe('several files', () => {
  const files = { 'a.txt': 'one', 'train/数据/b.txt': 'two', 'train/数据/c.txt': '', 'trainer.py': 'three' };
  let id: string;

  beforeAll(async () => {
    id = (await alice.uploaded('x.tar', await tarOf(files))).id as string;
  });

  test('come as a tar.gz that unpacks to them, and uploaded again is the same set', async () => {
    const answer = await get(await linkTo(id));
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'content-type': 'application/gzip', 'accept-ranges': 'none', 'content-disposition': `attachment; filename=${id}.tar.gz`, etag: expect.stringMatching(/^W\/"/) });
    const archive = Buffer.from(await answer.arrayBuffer());
    expect(await unpacked(archive)).toEqual(files);
    const [before, again] = [await alice.ask('query ($id: ID!) { fileSet(id: $id) { sha256 } }', { id }), await alice.uploaded('again.tar.gz', archive)];
    expect(again.sha256).toBe(before.data.fileSet.sha256);
    expect((await get(await linkTo(id), { 'if-none-match': answer.headers.get('etag')! })).status).toBe(304);
    expect((await get(await linkTo(id), { range: 'bytes=1-2' })).status).toBe(200);
    expect((await get(await linkTo(id), {}, 'HEAD')).headers.get('content-length')).toBeNull();
  });

  test('a folder of them comes without the rest, and a file of them as it is', async () => {
    const as = server.as(alice.as);
    const folder = await get(`/ai_arts/files/${id}/train`, as);
    expect(folder.headers.get('content-disposition')).toBe('attachment; filename=train.tar.gz');
    expect(await unpacked(Buffer.from(await folder.arrayBuffer()))).toEqual({ '数据/b.txt': 'two', '数据/c.txt': '' });
    const file = await get(`/ai_arts/files/${id}/train/${encodeURIComponent('数据')}/b.txt`, as);
    expect([await file.text(), file.headers.get('content-disposition')]).toEqual(['two', 'attachment; filename=b.txt']);
    const empty = await get(`/ai_arts/files/${id}/train/%E6%95%B0%E6%8D%AE/c.txt`, as);
    expect([empty.status, empty.headers.get('content-length')]).toEqual([200, '0']);
  });

  test.each(['/nothing', '/a.txt/b', '/train/%E6%95', '/%2e%2e/x', '/a%2F..%2Fa.txt', '/%00', '/train%5Cb.txt'])('there is nothing at %s', async (path) => {
    const answer = await get(`/ai_arts/files/${id}${path}`, server.as(alice.as));
    expect([400, 404]).toContain(answer.status);
    await answer.arrayBuffer();
  });

  test('a store that is away is told before the first byte', async () => {
    house.store.before = (step) => {
      if (step === 'get') throw new StoreError('UNREACHABLE', 'no answer');
    };
    const answer = await get(await linkTo(id));
    expect([answer.status, await codeOf(answer), answer.headers.get('x-hutong-error')]).toEqual([503, 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  });

  test('a file that is lost on the way breaks the archive off, rather than ending it', async () => {
    house.store.before = (step, key) => {
      if (step === 'get' && key.endsWith('b.txt')) throw new StoreError('FAILED', 'lost');
    };
    const link = await linkTo(id);
    await expect(get(link).then((answer) => answer.arrayBuffer())).rejects.toThrow(/terminated|aborted|fetch failed/);
  });
});

test('a dataset is downloaded under its own name', async () => {
  const set = await alice.uploaded('y.tar', await tarOf({ 'a.txt': '1', 'b.txt': '2' }));
  const { data, errors } = await alice.ask('mutation ($input: RegisterDatasetInput!) { registerDataset(input: $input) { downloadUrl } }', { input: { name: '手写/数字', path: set.path } });
  expect(errors).toEqual([]);
  const answer = await get(data.registerDataset.downloadUrl);
  expect(answer.headers.get('content-disposition')).toContain(`filename*=UTF-8''${encodeURIComponent('手写_数字.tar.gz')}`);
  await answer.arrayBuffer();
});

test('a shared file that was changed since it came is not sent under its old length and hash', async () => {
  const put = (text: string) => house.store.put('shared/points.txt', bodyOf(Buffer.from(text)), new AbortController().signal);
  await put('as it came');
  const { data, errors } = await alice.ask('mutation { registerFiles(input: { path: "shared/points.txt", purpose: DATASET }) { id } }');
  expect(errors).toEqual([]);
  const link = await linkTo(data.registerFiles.id);
  expect(await (await get(link)).text()).toBe('as it came');
  for (const changed of ['longer than it came', 'short']) {
    await put(changed);
    const answer = await get(link);
    expect([answer.status, await codeOf(answer)]).toEqual([503, 'STORE_UNAVAILABLE']);
  }
});

test('what there is none of is not there, whatever is asked', async () => {
  for (const id of ['', '0', '00000000-0000-0000-0000-000000000000', "'%20or%201=1"]) {
    const answer = await get(`/ai_arts/files/${id}`, server.as(alice.as));
    expect([answer.status, await codeOf(answer)]).toEqual([404, 'PATH_MISSING']);
  }
});

const codeOf = async (answer: Response): Promise<string> => ((await answer.json()) as { errors: { extensions: { code: string } }[] }).errors[0]!.extensions.code;
