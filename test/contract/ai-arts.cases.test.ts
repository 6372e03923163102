import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor, admin, stranger } from '../testkit/actor.js';
import { AiArtsClient, API, expectRefused } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { isMissing, jupyter } from '../testkit/engines.js';
import { send, sendAs } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// Sections 1, 2 and 4 of AIArts: notebooks, models and datasets; and what holds for all of them.

const UNKNOWN = randomUUID();

let platform: Platform;
let alice: Actor;
let bob: Actor;
let client: AiArtsClient;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ENGINE_DRIVER: 'local', ENGINE_LOCAL_UNISOLATED: 'true', LIMIT_UPLOAD_BYTES: '2000000' } });
  const root = await admin(platform);
  [alice, bob] = await Promise.all([actor(root, 'alice'), actor(root, 'bob')]);
  client = new AiArtsClient(alice);
});
afterAll(() => platform?.dispose());

describe('everywhere', () => {
  test.each(['/codes', '/models', '/trainings', '/datasets'])('%s needs to know who asks', { tags: ['ai-arts/0/20002', 'ai-arts/0/bearer'] }, async (path) => {
    expectRefused(await client.call('GET', path, undefined, stranger(platform)), [401, 20002], /./);
    expectRefused(await client.call('GET', path, undefined, new Actor(platform, 'nobody', 'no-ticket')), [401, 20002], /./);
  });

  test.each(['/annotations', '/annotations/', '/annotations/projects/7?tab=1'])('without a label server %s says so', { tags: ['ai-arts/5/none', 'ai-arts/0/40000'] }, async (path) => {
    for (const accept of ['text/html', '*/*']) expectRefused(await sendAs(alice, { path: API + path, headers: { accept } }), [502, 40000], /^no label server is set up: .* LABEL_SERVER_URL/);
    expectRefused(await client.call('POST', path, {}), [502, 40000], /LABEL_SERVER_URL/);
    expectRefused(await client.call('GET', path, undefined, stranger(platform)), [401, 20002], /./);
  });

  test.each(['', '/nowhere', '/datasets/1/nowhere', '/trainings//log'])('there is nothing at %j', { tags: ['ai-arts/0/10001', 'ai-arts/rules/unknown-path', 'ai-arts/rules/envelope'] }, async (path) => {
    expectRefused(await client.call('GET', path), [404, 10001], /./);
  });

  test('a wrong method is no route', { tags: ['ai-arts/0/10001'] }, async () => {
    expectRefused(await client.call('PUT', '/datasets'), [404, 10001], /./);
  });

  test.each([['pageNum=0', 'pageNum'], ['pageSize=1001', 'pageSize'], ['pageSize=x', 'pageSize'], ['orderBy=password', 'orderBy'], ['order=up', 'order']])('a list with %s names the parameter', { tags: ['ai-arts/0/20001', 'ai-arts/0/pageNum', 'ai-arts/0/pageSize', 'ai-arts/0/orderBy', 'ai-arts/0/query', 'ai-arts/rules/page-one', 'ai-arts/rules/page-limit', 'ai-arts/rules/page-value'] }, async (query, name) => {
    for (const path of ['/codes', '/models', '/trainings', '/datasets']) expectRefused(await client.call('GET', `${path}?${query}`), [400, 20001], new RegExp(`^${name}: expected`));
  });

  test('a list of jobs has the states of the document', { tags: ['ai-arts/1.1/status', 'ai-arts/3.1/status'] }, async () => {
    expectRefused(await client.call('GET', '/trainings?status=asleep'), [400, 20001], /^status: expected one of all, unapproved, queued/);
    for (const status of ['all', 'running', 'unapproved', 'killed']) expect((await client.ask('GET', `/codes?status=${status}`)).CodeEnvs).toEqual([]);
  });

  test('a body that is no object is a bad parameter', { tags: ['ai-arts/rules/malformed-body', 'ai-arts/0/body', 'ai-arts/0/20001'] }, async () => {
    for (const body of ['', '[]', '{', 'null']) expectRefused(await sendAs(alice, { method: 'POST', path: `${API}/datasets`, body }), [400, 20001], /./);
  });
});

describe('the rules of all contracts', () => {
  test('a path works with its slash and without, and every answer has an id', { tags: ['ai-arts/rules/slash', 'ai-arts/rules/request-id', 'ai-arts/0/prefix'] }, async () => {
    for (const path of ['/datasets', '/datasets/']) {
      const answer = await sendAs(alice, { path: API + path, headers: { 'x-request-id': 'mine-7' } });
      expect([answer.status, answer.headers['x-request-id']]).toEqual([200, 'mine-7']);
    }
    const head = await sendAs(alice, { method: 'HEAD', path: `${API}/models` });
    expect([head.status, head.text]).toEqual([200, '']);
  });

  test.each<[string, Record<string, string>]>([['Authorization', { authorization: 'Bearer ' }], ['token', { token: '' }], ['X-Auth-Token', { 'x-auth-token': '' }]])('the credential may be in %s', { tags: ['ai-arts/rules/identity', 'ai-arts/0/bearer'] }, async (_, headers) => {
    const shown = Object.fromEntries(Object.entries(headers).map(([name, prefix]) => [name, prefix + alice.credential!]));
    expect((await send(platform, { path: `${API}/datasets`, headers: shown })).json.code).toBe(0);
  });

  test.each<[string, Record<string, string>]>([['Origin', { origin: 'https://evil.example' }], ['Sec-Fetch-Site', { 'sec-fetch-site': 'cross-site' }]])('a foreign page, told by %s, changes nothing', { tags: ['ai-arts/rules/foreign-page'] }, async (_, headers) => {
    for (const [method, path] of [['POST', '/datasets'], ['DELETE', '/datasets/1'], ['POST', '/models/upload'], ['POST', `/trainings/${UNKNOWN}/stop`]] as const) {
      expectRefused(await sendAs(alice, { method, path: API + path, headers, body: {} }), [403, 30801], /./);
    }
  });

  test('a page past the end is empty, and one of 1,000 rows is the largest', { tags: ['ai-arts/rules/page-past-end', 'ai-arts/rules/page-limit'] }, async () => {
    expect(await client.ask('GET', '/models?pageNum=2147483647&pageSize=1000')).toMatchObject({ models: [], pageNum: 2_147_483_647, pageSize: 1000 });
    expectRefused(await client.call('GET', '/trainings?pageSize=1001'), [400, 20001], /1000/);
  });

  test.each(['🚀 <b>&amp;</b>', '\u202Eשלום', "Robert'); drop table x;--", '超算'])('%j comes back as it was sent, and fields that nobody knows are ignored', { tags: ['ai-arts/rules/text', 'ai-arts/rules/extra-fields'] }, async (text) => {
    const path = await client.uploaded('/datasets/upload', 'x', 'x 超算 🚀.txt');
    const name = `${text} ${randomUUID()}`;
    const { id } = await client.ask('POST', '/datasets', { name, description: text, path, isPrivate: null, nobody: { knows: [1] } });
    expect((await client.ask('GET', `/datasets/${id}`)).dataset).toMatchObject({ name, description: text });
    expect((await client.ask('GET', `/datasets?name=${encodeURIComponent(name)}`)).total).toBe(1);
  });

  test('a number beyond an int is refused by name', { tags: ['ai-arts/rules/int'] }, async () => {
    for (const path of ['/trainings', '/codes']) {
      expectRefused(await client.call('POST', path, { name: 'x', engine: 'bash', codePath: 'code/x', startupFile: 'x.sh', deviceNum: 2 ** 31 }), [400, 20001], /^deviceNum: expected an integer ≤ 2147483647/);
    }
  });
});

describe.skipIf(isMissing(jupyter))('notebooks', () => {
  test('are made, told, listed, described, led to and deleted', { tags: ['ai-arts/1/real', 'ai-arts/1.1/route', 'ai-arts/1.1/status', 'ai-arts/1.1/searchWord', 'ai-arts/1.2/route', 'ai-arts/1.3/route', 'ai-arts/1.4/browser', 'ai-arts/1.4/program', 'ai-arts/1.4/jupyter', 'ai-arts/1.5/route', 'ai-arts/1.6/route', 'ai-arts/1.7/route', 'ai-arts/1.7/archive', 'ai-arts/0/30801', 'ai-arts/jobs/delete'], timeout: 120_000 }, async () => {
    const codePath = await client.uploaded('/codes/upload', await tarGzOf({ 'first.py': 'print(1)' }), 'code.tgz');
    const name = `笔记 ${randomUUID()}`;
    const id = await client.ask('POST', '/codes', { name, engine: 'python', codePath, deviceType: 'cpu', deviceNum: 1, desc: 'd' });
    expect(id).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
    expect(await client.ask('GET', `/codes/${id}/endpoint`)).toMatchObject({ name: 'ipython', status: expect.stringMatching(/^(?:pending|running)$/) });
    await expect.poll(async () => (await client.ask('GET', `/codes/${id}/jupyter`)).status, { timeout: 60_000 }).toBe('running');

    const code = await client.ask('GET', `/codes/${id}`);
    expect(code).toEqual({ id, name, status: 'running', engine: 'python', codePath, JupyterUrl: expect.stringMatching(/^http/), createTime: expect.any(Number), deviceType: 'cpu', deviceNum: 1, desc: 'd' });
    const list = await client.ask('GET', `/codes?status=running&searchWord=${encodeURIComponent(name)}`);
    expect(list).toEqual({ CodeEnvs: [{ ...code, JupyterUrl: expect.stringMatching(/^http/) }], total: 1, totalPage: 1 });

    const { accessPoint } = await client.ask('GET', `/codes/${id}/endpoint`);
    const opened = await fetch(accessPoint, { redirect: 'manual' });
    expect([opened.status, opened.headers.getSetCookie().length]).toEqual([303, 1]);
    const page = await client.fetch(`/codes/${id}/endpoint`, { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' }, redirect: 'manual' });
    expect([page.status, page.headers.get('location')]).toEqual([302, expect.stringContaining(`/ai_arts/notebooks/${id}/`)]);

    expect(await client.ask('POST', `/codes/${id}/description`, { description: '第二版' })).toEqual({});
    expect((await client.ask('GET', `/codes/${id}`)).desc).toBe('第二版');
    expectRefused(await client.call('POST', `/codes/${id}/description`, {}), [400, 20001], /^description: /);
    for (const [method, path] of [['GET', ''], ['GET', '/endpoint'], ['DELETE', '']] as const) expectRefused(await client.call(method, `/codes/${id}${path}`, undefined, bob), [403, 30801], /./);
    expect(await client.ask('DELETE', `/codes/${id}`)).toEqual({});
    expectRefused(await client.call('GET', `/codes/${id}`), [404, 10001], /./);
  });

  test('that are not there are not found', { tags: ['ai-arts/0/10001'] }, async () => {
    for (const [method, path, body] of [['GET', ''], ['GET', '/endpoint'], ['GET', '/jupyter'], ['DELETE', ''], ['POST', '/description', { description: 'x' }]] as const) {
      expectRefused(await client.call(method, `/codes/${UNKNOWN}${path}`, body), [404, 10001], /./);
    }
  });
});

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

  test('of one owner have different names', { tags: ['ai-arts/0/30012'] }, async () => {
    const name = randomUUID();
    const paths = await Promise.all(['a', 'b'].map((text) => client.uploaded('/datasets/upload', text, 'x.txt')));
    await client.ask('POST', '/datasets', { name, description: 'x', path: paths[0] });
    expectRefused(await client.call('POST', '/datasets', { name, description: 'x', path: paths[1] }), [400, 30012], /./);
  });

  test.each(['name', 'description', 'path'])('need %s', { tags: ['ai-arts/4.3/required', 'ai-arts/4.5/required', 'ai-arts/0/20001'] }, async (field) => {
    const body: Record<string, unknown> = { name: randomUUID(), description: 'x', path: 'dataset/x' };
    expectRefused(await client.call('POST', '/datasets', { ...body, [field]: undefined }), [400, 20001], new RegExp(`^${field}: `));
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

  test('of a broken form are refused, and the next one is taken', { tags: ['ai-arts/rules/malformed-body', 'ai-arts/rules/broken-upload'] }, async () => {
    const body = '--b\r\nContent-Disposition: form-data; name="other"; filename="f"\r\n\r\nxxxx';
    expectRefused(await sendAs(alice, { method: 'POST', path: `${API}/codes/upload`, headers: { 'content-type': 'multipart/form-data; boundary=b' }, body }), [400, 20001], /form/);
    expect(await client.uploaded('/codes/upload', 'print(1)', 'x.py')).toMatch(/^code\//);
  });

  test('of a model of another type are refused', { tags: ['ai-arts/0/30001', 'ai-arts/2.2/types'] }, async () => {
    expectRefused(await client.upload('/models/upload', 'x', 'model.exe'), [400, 30001], /./);
  });
});

describe('models', () => {
  test('are uploaded, made, listed, told, downloaded and deleted', { tags: ['ai-arts/2.1/route', 'ai-arts/2.1/use', 'ai-arts/2.2/route', 'ai-arts/2.3/route', 'ai-arts/2.3/one', 'ai-arts/2.5/route', 'ai-arts/0/total'] }, async () => {
    const path = await client.uploaded('/models/upload', await tarGzOf({ 'model/weights.bin': 'w' }), 'model.tar.gz');
    const name = randomUUID();
    const { id } = await client.ask('POST', '/models', { name, description: 'd', path, use: 'digits', engine: 'onnx', precision: 'fp32', params: { layers: 2 } });
    const { model, training } = await client.ask('GET', `/models/${id}`);
    expect(model).toMatchObject({ id, name, description: 'd', creator: 'alice', use: 'digits', engine: 'onnx', precision: 'fp32', params: { layers: 2 }, size: 1, jobId: '' });
    expect(training).toBeNull();
    expect(await client.ask('GET', `/models?name=${name}`)).toEqual({ models: [model], total: 1, totalPage: 1, pageNum: 1, pageSize: 10 });
    expect((await client.ask('GET', '/models?use=letters')).models).toEqual([]);
    expect((await client.fetch(`/models/${id}/download`)).status).toBe(200);
    expect(await client.ask('DELETE', `/models/${id}`)).toEqual({});
    expectRefused(await client.call('GET', `/models/${id}/download`), [404, 10001], /./);
  });
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
