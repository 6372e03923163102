import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { DiskStore } from '@hutong/ai-arts/drivers/store/disk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zipOf } from '../../subgraphs/ai-arts/src/testkit/archives.js';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { AiArtsClient, API, expectRefused } from '../testkit/ai-arts.client.js';
import { filesOfTarGz, tarGzOf } from '../testkit/archive.js';
import { sendAs } from '../testkit/http.js';
import { brightnessModel, brightnessOnnx } from '../testkit/inference.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// Sections 2 and 4 of AIArts: models and datasets, and the uploads that they are made of.

const UNKNOWN = randomUUID();

let platform: Platform;
let alice: Actor;
let bob: Actor;
let client: AiArtsClient;
beforeAll(async () => {
  platform = await startPlatform({ environment: { LIMIT_UPLOAD_BYTES: '2000000' } });
  const root = await admin(platform);
  [alice, bob] = await Promise.all([actor(root, 'alice'), actor(root, 'bob')]);
  client = new AiArtsClient(alice);
});
afterAll(() => platform?.dispose());

describe('datasets', () => {
  test('are uploaded, made, listed, told, downloaded and deleted', { tags: ['ai-arts/4.1/route', 'ai-arts/4.1/name', 'ai-arts/4.2/route', 'ai-arts/4.3/route', 'ai-arts/4.4/route', 'ai-arts/4.6/route', 'ai-arts/4.6/range', 'ai-arts/4.7/route', 'ai-arts/0/json', 'ai-arts/0/code', 'ai-arts/0/msg', 'ai-arts/0/data', 'ai-arts/0/times', 'ai-arts/0/total'] }, async () => {
    const digits = Buffer.from(new Uint8Array(100_000).map((_, at) => at % 251));
    const path = await client.uploaded('/datasets/upload', digits, 'digits.bin', { isPrivate: 'true' });
    const name = `digits ${randomUUID()}`;
    const { id } = await client.ask('POST', '/datasets', { name, description: '手写数字', path });
    expect(id).toEqual(expect.any(Number));
    const { dataset } = await client.ask('GET', `/datasets/${id}`);
    expect(dataset).toEqual({
      id, name, description: '手写数字', creator: 'alice', version: '1', status: 'normal', size: 100_000, fileCount: 1, path, isPrivate: true,
      createdAt: expect.any(Number), updatedAt: expect.any(Number),
    });
    expect(Math.abs(dataset.createdAt - Date.now())).toBeLessThan(60_000);
    const list = await client.ask('GET', `/datasets?name=${encodeURIComponent(name)}&pageSize=1`);
    expect(list).toEqual({ datasets: [dataset], total: 1, totalPage: 1, pageNum: 1, pageSize: 1 });

    const whole = await client.fetch(`/datasets/${id}/download`);
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-disposition')]).toEqual([200, '100000', expect.stringContaining('digits.bin')]);
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(digits));
    const part = await client.fetch(`/datasets/${id}/download`, { headers: { range: 'bytes=99990-' } });
    expect([part.status, part.headers.get('content-range'), (await part.arrayBuffer()).byteLength]).toEqual([206, 'bytes 99990-99999/100000', 10]);
    const head = await client.fetch(`/datasets/${id}/download/`, { method: 'HEAD' });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '100000', '']);

    expect(await client.ask('DELETE', `/datasets/${id}`)).toEqual({});
    expectRefused(await client.call('GET', `/datasets/${id}`), [404, 10001], /./);
    expectRefused(await client.call('DELETE', `/datasets/${id}`), [404, 10001], /./);
  });

  test('of an archive come back as a tar.gz of its files', { tags: ['ai-arts/4.4/route', 'ai-arts/4.6/directory'] }, async () => {
    const path = await client.uploaded('/datasets/upload', await tarGzOf({ 'train/a.txt': 'one', 'train/b.txt': 'two', 'README': '三' }), 'set.tar.gz', { dir: 'mnist' });
    const { id } = await client.ask('POST', '/datasets', { name: randomUUID(), description: 'x', path });
    expect((await client.ask('GET', `/datasets/${id}`)).dataset).toMatchObject({ fileCount: 3, size: 9 });
    const answer = await client.fetch(`/datasets/${id}/download`);
    expect(answer.headers.get('content-disposition')).toMatch(/\.tar\.gz/);
    const tar = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString('latin1');
    for (const inside of ['train/a.txt', 'train/b.txt', 'README']) expect(tar).toContain(inside);
  });

  test('that the store has lost are told in the envelope, and cut off where something was sent already', async () => {
    const lose = (path: string, name: string) => rm(join(platform.dataDirectory, 'ai-arts/store/files/sets=', `${path.split('/')[1]}=`, name), { recursive: true });
    const made = async (path: string) => (await client.ask('POST', '/datasets', { name: randomUUID(), description: 'x', path })).id as number;
    const one = await client.uploaded('/datasets/upload', 'x', 'x.txt');
    const several = await client.uploaded('/datasets/upload', await tarGzOf({ 'a.txt': randomBytes(400_000).toString('hex'), 'b.txt': 'two' }), 'set.tar.gz');
    const [ofOne, ofSeveral] = [await made(one), await made(several)];
    await Promise.all([lose(one, 'x.txt'), lose(several, 'b.txt')]);
    expectRefused(await client.call('GET', `/datasets/${ofOne}/download`), [502, 40000], /store/);
    expect((await client.fetch(`/datasets/${ofOne}/download`, { method: 'HEAD' })).status).toBe(200);
    await expect(client.fetch(`/datasets/${ofSeveral}/download`).then((answer) => answer.arrayBuffer())).rejects.toThrow(/terminated|fetch failed/);
    await lose(several, 'a.txt');
    expectRefused(await client.call('GET', `/datasets/${ofSeveral}/download`), [502, 40000], /store/);
  });

  test('that are public are seen and not changed by others; private ones are theirs alone', { tags: ['ai-arts/4.1/seen', 'ai-arts/4.4/isPrivate', 'ai-arts/0/30801'] }, async () => {
    const [open, own] = await Promise.all(['false', 'no'].map(async (isPrivate) => {
      const path = await client.uploaded('/datasets/upload', 'x', 'x.txt', { isPrivate });
      return (await client.ask('POST', '/datasets', { name: randomUUID(), description: 'x', path, isPrivate: isPrivate !== 'false' })).id as number;
    }));
    expect((await client.ask('GET', `/datasets/${open}`, undefined, bob)).dataset).toMatchObject({ creator: 'alice', isPrivate: false });
    expectRefused(await client.call('GET', `/datasets/${own}`, undefined, bob), [403, 30801], /./);
    for (const id of [open, own]) expectRefused(await client.call('DELETE', `/datasets/${id}`, undefined, bob), [403, 30801], /./);
    const seen = (await client.ask('GET', '/datasets?pageSize=1000', undefined, bob)).datasets.map(({ id }: { id: number }) => id);
    expect([seen.includes(open), seen.includes(own)]).toEqual([true, false]);
  });

  test('are registered where an administrator has put their files on the storage, as models are', { tags: ['ai-arts/4.5/route', 'ai-arts/2.6/route', 'ai-arts/4.6/directory'] }, async () => {
    const store = await DiskStore.open({ folder: join(platform.dataDirectory, 'ai-arts/store'), leftoverMs: 86_400_000 });
    const { signal } = new AbortController();
    for (const name of ['train/1.txt', '2.txt']) await store.put(`shared/coco/${name}`, Readable.from([Buffer.from(name)]), signal);
    const dataset = await client.ask('POST', '/datasets/register', { name: randomUUID(), description: '共享', path: 'shared/coco' });
    expect((await client.ask('GET', `/datasets/${dataset.id}`)).dataset).toMatchObject({ fileCount: 2, size: 16, description: '共享' });
    expect(Object.keys(await filesOfTarGz(new Uint8Array(await (await client.fetch(`/datasets/${dataset.id}/download`)).arrayBuffer()))).toSorted()).toEqual(['2.txt', 'train/1.txt']);
    const model = await client.ask('POST', '/models', { name: randomUUID(), path: 'shared/coco/2.txt' });
    expect(await (await client.fetch(`/models/${model.id}/download`)).text()).toBe('2.txt');
    expectRefused(await client.call('POST', '/datasets/register', { name: randomUUID(), description: 'x', path: 'shared/nothing' }), [400, 30005], /./);
  });

  test('of one owner have different names', { tags: ['ai-arts/0/30012'] }, async () => {
    const name = randomUUID();
    const paths = await Promise.all(['a', 'b'].map((text) => client.uploaded('/datasets/upload', text, 'x.txt')));
    await client.ask('POST', '/datasets', { name, description: 'x', path: paths[0] });
    expectRefused(await client.call('POST', '/datasets', { name, description: 'x', path: paths[1] }), [400, 30012], /./);
  });

  test.each(['name', 'description', 'path'])('need %s', { tags: ['ai-arts/4.3/required', 'ai-arts/4.5/required', 'ai-arts/0/20001'] }, async (field) => {
    const body: Record<string, unknown> = { name: randomUUID(), description: 'x', path: 'dataset/x' };
    for (const route of ['/datasets', '/datasets/register']) expectRefused(await client.call('POST', route, { ...body, [field]: undefined }), [400, 20001], new RegExp(`^${field}: `));
  });

  test('are made of nothing that is not there, or somebody else’s', { tags: ['ai-arts/0/30005', 'ai-arts/0/30007'] }, async () => {
    expectRefused(await client.call('POST', '/datasets', { name: randomUUID(), description: 'x', path: `dataset/${UNKNOWN}` }), [400, 30005], /./);
    expectRefused(await client.call('POST', '/datasets/register', { name: randomUUID(), description: 'x', path: '/etc/passwd' }), [400, 30007], /./);
    expectRefused(await client.call('POST', '/datasets', { name: randomUUID(), description: 'x', path: '../../etc' }), [400, 30007], /./);
    const path = await client.uploaded('/datasets/upload', 'x', 'x.txt', {}, bob);
    const { status } = await client.call('POST', '/datasets', { name: randomUUID(), description: 'x', path });
    expect([400, 403]).toContain(status);
  });

  test.each(['abc', '0', '99999999999', '-1', UNKNOWN])('there is none with the id %s', { tags: ['ai-arts/0/10001'] }, async (id) => {
    for (const method of ['GET', 'DELETE']) expectRefused(await client.call(method, `/datasets/${id}`), [404, 10001], /./);
    expectRefused(await client.call('GET', `/datasets/${id}/download`), [404, 10001], /./);
  });
});

describe('uploads', () => {
  test('without a file say so', { tags: ['ai-arts/0/30009', 'ai-arts/0/form'] }, async () => {
    for (const kind of ['codes', 'datasets', 'models']) expectRefused(await client.call('POST', `/${kind}/upload`, { data: 'x' }), [400, 30009], /data/);
  });

  test('that are too large say the limit', { tags: ['ai-arts/0/30006'] }, async () => {
    expectRefused(await client.upload('/datasets/upload', Buffer.alloc(2_000_001), 'big.bin'), [400, 30006], /2000000/);
  });

  test('of an archive with a path that leads out are refused', { tags: ['ai-arts/0/30007', 'ai-arts/4.4/names'] }, async () => {
    expectRefused(await client.upload('/datasets/upload', await tarGzOf({ '../../evil': 'x' }), 'evil.tgz'), [400, 30007], /./);
  });

  test('of an archive that is none are refused', { tags: ['ai-arts/0/30003'] }, async () => {
    const { status, json } = await client.upload('/codes/upload', 'no archive', 'code.tar.gz');
    expect([status, [30001, 30003].includes(json.code)]).toEqual([400, true]);
  });

  test.each(['../x', '/etc', 'a/../../b', 'a\u0000b', 'x'.repeat(5_000), '\u202Eabc'])('into the folder %j are refused, by name', { tags: ['ai-arts/rules/unstorable', 'ai-arts/0/30007'] }, async (dir) => {
    const { status, json } = await client.upload('/datasets/upload', 'x', 'x.txt', { dir });
    expect([status, json.code, json.msg]).toEqual([400, expect.toBeOneOf([20001, 30007]), expect.stringMatching(/^dir: /)]);
  });

  test('of a broken form are refused, and the next one is taken', { tags: ['ai-arts/rules/malformed-body', 'ai-arts/rules/broken-upload', 'ai-arts/1.7/archive'] }, async () => {
    const body = '--b\r\nContent-Disposition: form-data; name="other"; filename="f"\r\n\r\nxxxx';
    expectRefused(await sendAs(alice, { method: 'POST', path: `${API}/codes/upload`, headers: { 'content-type': 'multipart/form-data; boundary=b' }, body }), [400, 20001], /form/);
    expect(await client.uploaded('/codes/upload', 'print(1)', 'x.py')).toMatch(/^code\//);
  });

  test('of a model of another type are refused', { tags: ['ai-arts/0/30001', 'ai-arts/2.2/types'] }, async () => {
    expectRefused(await client.upload('/models/upload', 'x', 'model.exe'), [400, 30001], /./);
  });
});

describe('models', () => {
  test('are uploaded, made, listed, told, downloaded and deleted', { tags: ['ai-arts/2.1/route', 'ai-arts/2.1/name', 'ai-arts/2.1/status', 'ai-arts/2.1/use', 'ai-arts/2.2/route', 'ai-arts/2.3/route', 'ai-arts/2.3/one', 'ai-arts/2.5/route', 'ai-arts/0/total'] }, async () => {
    const path = await client.uploaded('/models/upload', await tarGzOf({ 'model/weights.bin': 'w' }), 'model.tar.gz');
    const name = randomUUID();
    const { id } = await client.ask('POST', '/models', { name, description: 'd', path, use: 'digits', engine: 'onnx', precision: 'fp32', params: { layers: 2 } });
    const { model, training } = await client.ask('GET', `/models/${id}`);
    expect(model).toMatchObject({ id, name, description: 'd', creator: 'alice', use: 'digits', engine: 'onnx', precision: 'fp32', params: { layers: 2 }, size: 1, jobId: '' });
    expect(training).toBeNull();
    expect(await client.ask('GET', `/models?name=${name.slice(3, 30)}&status=normal`)).toEqual({ models: [model], total: 1, totalPage: 1, pageNum: 1, pageSize: 10 });
    for (const other of ['use=letters', `name=${UNKNOWN}`]) expect((await client.ask('GET', `/models?${other}`)).models).toEqual([]);
    expect((await client.fetch(`/models/${id}/download`)).status).toBe(200);
    expect(await client.ask('DELETE', `/models/${id}`)).toEqual({});
    expectRefused(await client.call('GET', `/models/${id}/download`), [404, 10001], /./);
  });
});

describe('a model', () => {
  test('needs a name, and files or a training that made them', { tags: ['ai-arts/2.3/name', 'ai-arts/0/20001'] }, async () => {
    const path = await client.uploaded('/models/upload', await brightnessModel(), 'model.tar.gz');
    expectRefused(await client.call('POST', '/models', { path }), [400, 20001], /^name: /);
    expectRefused(await client.call('POST', '/models', { name: randomUUID() }), [400, 20001], /^path: /);
  });

  test('of one file is downloaded as it is, and goes on where it was cut off', { tags: ['ai-arts/2.2/route', 'ai-arts/2.2/types', 'ai-arts/2.4/route', 'ai-arts/2.4/range'] }, async () => {
    const network = Buffer.from(brightnessOnnx());
    const path = await client.uploaded('/models/upload', network, 'digits.onnx', { dir: 'nets' });
    const { id } = await client.ask('POST', '/models', { name: randomUUID(), path });
    const whole = await client.fetch(`/models/${id}/download`);
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-disposition')]).toEqual([200, String(network.length), expect.stringMatching(/^attachment;.*digits\.onnx/)]);
    expect(Buffer.from(await whole.arrayBuffer()).equals(network)).toBe(true);
    const rest = await client.fetch(`/models/${id}/download`, { headers: { range: 'bytes=100-' } });
    expect([rest.status, rest.headers.get('content-range')]).toEqual([206, `bytes 100-${network.length - 1}/${network.length}`]);
    expect(Buffer.from(await rest.arrayBuffer()).equals(network.subarray(100))).toBe(true);
  });

  test.each([
    ['model.tar.gz', () => tarGzOf({ 'a/x.bin': 'x', 'y.bin': 'yy' })],
    ['model.tar', async () => Buffer.from(gunzipSync(await tarGzOf({ 'a/x.bin': 'x', 'y.bin': 'yy' })))],
    ['model.zip', async () => Buffer.from(zipOf([{ name: 'a/x.bin', data: 'x' }, { name: 'y.bin', data: 'yy' }]))],
  ])('of several files may come as %s, and is downloaded as a tar.gz of them', { tags: ['ai-arts/2.2/types', 'ai-arts/2.4/directory'] }, async (name, archive) => {
    const path = await client.uploaded('/models/upload', await archive(), name);
    const { id } = await client.ask('POST', '/models', { name: randomUUID(), path });
    const answer = await client.fetch(`/models/${id}/download`);
    expect(answer.headers.get('content-disposition')).toMatch(/^attachment;.*\.tar\.gz/);
    const files = await filesOfTarGz(new Uint8Array(await answer.arrayBuffer()));
    expect(Object.entries(files).map(([file, bytes]) => `${file} ${bytes.toString()}`).toSorted()).toEqual(['a/x.bin x', 'y.bin yy']);
  });
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
