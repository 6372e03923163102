import { randomUUID } from 'node:crypto';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor, admin, apiToken, stranger } from '../testkit/actor.js';
import { AiArtsClient, API, expectRefused } from '../testkit/ai-arts.client.js';
import { tarGzOf } from '../testkit/archive.js';
import { isMissing, jupyter } from '../testkit/engines.js';
import { send, sendAs } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';

// What holds for all of AIArts, and section 1: notebooks.

const UNKNOWN = randomUUID();

let platform: Platform;
let alice: Actor;
let bob: Actor;
let client: AiArtsClient;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ENGINE_DRIVER: 'local', ENGINE_LOCAL_UNISOLATED: 'true' } });
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

  test.each<[string, Record<string, string>]>([['Authorization', { authorization: 'Bearer ' }], ['token', { token: '' }], ['X-Auth-Token', { 'x-auth-token': '' }]])('the credential, a ticket or an API token, may be in %s', { tags: ['ai-arts/rules/identity', 'ai-arts/0/bearer'] }, async (_, headers) => {
    for (const credential of [alice.credential!, await apiToken(alice)]) {
      const shown = Object.fromEntries(Object.entries(headers).map(([name, prefix]) => [name, prefix + credential]));
      expect((await send(platform, { path: `${API}/datasets`, headers: shown })).json.code).toBe(0);
    }
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

  test.each<[string, string | Buffer]>([['broken UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d])], ['an overlong encoding', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0x80, 0x22, 0x7d])]])('%s is refused', { tags: ['ai-arts/rules/utf-8'] }, async (_, body) => {
    expectRefused(await sendAs(alice, { method: 'POST', path: `${API}/datasets`, body }), [400, 20001], /UTF-8/);
  });

  test('the document’s own language travels unescaped', { tags: ['ai-arts/rules/unescaped'] }, async () => {
    const path = await client.uploaded('/datasets/upload', 'x', 'x.txt');
    const { id } = await client.ask('POST', '/datasets', { name: `超算 ${randomUUID()}`, description: '手写数字', path });
    const { text } = await client.call('GET', `/datasets/${id}`);
    expect([text.includes('"description":"手写数字"'), text.includes(String.raw`\u`)]).toEqual([true, false]);
  });

  test('what fails answers no page and no stack', { tags: ['ai-arts/rules/no-page'] }, async () => {
    const failures = [client.call('GET', '/nowhere'), client.call('POST', '/datasets', 'x'), client.call('GET', '/datasets?pageNum=x'), client.call('GET', '/models/1/download'), client.upload('/codes/upload', 'x', 'x.zip')];
    for (const { json, text } of await Promise.all(failures)) {
      expect(json.code).not.toBe(0);
      expect(text).not.toMatch(/<html|<!doctype|\n\s+at |node_modules|\.[jt]s:/i);
    }
  });

  test('a size may be larger than an int', { tags: ['ai-arts/rules/bytes'] }, async () => {
    const path = await client.uploaded('/datasets/upload', 'x', 'x.txt');
    const { id } = await client.ask('POST', '/datasets', { name: randomUUID(), description: 'x', path });
    const database = new Client({ connectionString: platform.databaseUrl });
    await database.connect();
    await database.query('update ai_arts.dataset set size_bytes = 3000000000 where id = $1', [id]);
    await database.end();
    expect((await client.ask('GET', `/datasets/${id}`)).dataset.size).toBe(3_000_000_000);
  });

  test('a number beyond an int is refused by name', { tags: ['ai-arts/rules/int'] }, async () => {
    for (const path of ['/trainings', '/codes']) {
      expectRefused(await client.call('POST', path, { name: 'x', engine: 'bash', codePath: 'code/x', startupFile: 'x.sh', deviceNum: 2 ** 31 }), [400, 20001], /^deviceNum: expected an integer ≤ 2147483647/);
    }
  });
});

describe('lists', () => {
  let prefix: string;
  const names = (order: string) => client.ask('GET', `/datasets?name=${prefix}&${order}`).then(({ datasets }) => datasets.map(({ name }: { name: string }) => name.replace(prefix, '')).join(''));
  beforeAll(async () => {
    prefix = randomUUID();
    const path = await client.uploaded('/datasets/upload', 'x', 'x.txt', { isPrivate: 'false' });
    for (const letter of 'hadgbjkecif') await client.ask('POST', '/datasets', { name: `${prefix}${letter}`, description: 'x', path, isPrivate: letter !== 'a' });
  });

  test('have pages of 10 from the first on, and tell how many there are', { tags: ['ai-arts/0/pageNum', 'ai-arts/0/pageSize', 'ai-arts/0/total', 'ai-arts/0/totalPage', 'ai-arts/rules/page-one', 'ai-arts/4.1/route', 'ai-arts/4.1/name'] }, async () => {
    const first = await client.ask('GET', `/datasets?name=${prefix}`);
    expect(first).toEqual({ datasets: expect.objectContaining({ length: 10 }), total: 11, totalPage: 2, pageNum: 1, pageSize: 10 });
    expect(await client.ask('GET', `/datasets?name=${prefix}&pageNum=1&pageSize=10`)).toEqual(first);
    expect(await client.ask('GET', `/datasets?name=${prefix}&pageNum=2`)).toMatchObject({ datasets: [{}], total: 11, totalPage: 2, pageNum: 2 });
    expect(await client.ask('GET', `/datasets?name=${prefix}&pageSize=11`)).toMatchObject({ total: 11, totalPage: 1 });
  });

  test('are in the order that is asked for', { tags: ['ai-arts/0/orderBy'] }, async () => {
    expect(await names('orderBy=name&order=asc&pageSize=20')).toBe('abcdefghijk');
    expect(await names('orderBy=name&order=desc&pageSize=20')).toBe('kjihgfedcba');
    expect(await names('orderBy=createdAt&order=asc&pageSize=20')).toBe('hadgbjkecif');
  });

  test('are narrowed to what is private, or public, and by the one state that there is', { tags: ['ai-arts/4.1/isPrivate', 'ai-arts/4.1/status', 'ai-arts/2.1/status'] }, async () => {
    expect(await names('isPrivate=false')).toBe('a');
    expect((await names('isPrivate=true&pageSize=20')).length).toBe(10);
    for (const status of ['normal', 'all']) expect((await client.ask('GET', `/datasets?name=${prefix}&status=${status}`)).total).toBe(11);
    for (const path of ['/datasets', '/models']) expectRefused(await client.call('GET', `${path}?status=broken`), [400, 20001], /^status: expected one of all, normal/);
    expectRefused(await client.call('GET', '/datasets?isPrivate=maybe'), [400, 20001], /^isPrivate: expected true or false/);
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

    for (const other of ['status=killed', `searchWord=${randomUUID()}`]) expect((await client.ask('GET', `/codes?${other}`)).total).toBe(0);

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

  test.each(['name', 'engine'])('need %s', { tags: ['ai-arts/1.2/required'] }, async (field) => {
    expectRefused(await client.call('POST', '/codes', { name: 'x', engine: 'python', [field]: undefined }), [400, 20001], new RegExp(`^${field}: `));
  });

  test('that are not there are not found', { tags: ['ai-arts/0/10001'] }, async () => {
    for (const [method, path, body] of [['GET', ''], ['GET', '/endpoint'], ['GET', '/jupyter'], ['DELETE', ''], ['POST', '/description', { description: 'x' }]] as const) {
      expectRefused(await client.call(method, `/codes/${UNKNOWN}${path}`, body), [404, 10001], /./);
    }
  });
});
