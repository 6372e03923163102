import { createHash, randomUUID } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Actor, actor, admin, stranger } from '../testkit/actor.js';
import { tarGzOf } from '../testkit/archive.js';
import { sendAs, type HttpAnswer } from '../testkit/http.js';
import { startPlatform, type Platform } from '../testkit/platform.js';


// Sections 2 to 4 of AIArts: models, trainings, datasets, and the code that trainings run.

const API = '/ai_arts/api';
const UNKNOWN = randomUUID();

let platform: Platform;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ENGINE_DRIVER: 'local', ENGINE_LOCAL_UNISOLATED: 'true', LIMIT_UPLOAD_BYTES: '2000000' } });
  const root = await admin(platform);
  [alice, bob] = await Promise.all([actor(root, 'alice'), actor(root, 'bob')]);
});
afterAll(() => platform?.dispose());

const call = (method: string, path: string, body?: unknown, as: Actor = alice): Promise<HttpAnswer> => sendAs(as, { method, path: API + path, body });

/** What a success holds. */
async function ask(method: string, path: string, body?: unknown, as: Actor = alice) {
  const { status, json, text, headers } = await call(method, path, body, as);
  expect([status, json?.code, json?.msg], `${method} ${path}: ${text}`).toEqual([200, 0, 'success']);
  expect(Object.keys(json)).toEqual(['code', 'msg', 'data']);
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  return json.data;
}

function expectRefused({ status, json, text, headers }: HttpAnswer, [wanted, code]: [number, number], msg: string | RegExp): void {
  expect([status, json], text).toEqual([wanted, { code, msg: typeof msg === 'string' ? msg : expect.stringMatching(msg), data: {} }]);
  expect(headers['x-request-id']).toMatch(/./);
}

async function upload(path: string, bytes: string | Buffer<ArrayBuffer>, name: string, fields: Record<string, string> = {}, as: Actor = alice): Promise<HttpAnswer> {
  const form = new FormData();
  form.append('data', new Blob([bytes]), name);
  for (const [key, value] of Object.entries(fields)) form.append(key, value);
  const sent = new Response(form);
  return sendAs(as, { method: 'POST', path: API + path, headers: { 'content-type': sent.headers.get('content-type')! }, body: new Uint8Array(await sent.arrayBuffer()) });
}

async function uploaded(...parameters: Parameters<typeof upload>): Promise<string> {
  const { json, text } = await upload(...parameters);
  expect(json?.code, text).toBe(0);
  return json.data.path as string;
}

/** A download as a client that follows redirects makes it. */
const download = (path: string, headers: Record<string, string> = {}, as: Actor = alice) => fetch(platform.legacyUrl + API + path, { headers: { authorization: `Bearer ${as.credential}`, ...headers } });

async function ended(id: string) {
  await expect.poll(async () => (await ask('GET', `/trainings/${id}`)).status, { timeout: 30_000 }).toMatch(/^(?:finished|failed|error|killed)$/);
  return ask('GET', `/trainings/${id}`);
}

describe('everywhere', () => {
  test.each(['/codes', '/models', '/trainings', '/datasets'])('%s needs to know who asks', async (path) => {
    expectRefused(await call('GET', path, undefined, stranger(platform)), [401, 20002], /./);
    expectRefused(await call('GET', path, undefined, new Actor(platform, 'nobody', 'no-ticket')), [401, 20002], /./);
  });

  test.each(['', '/nowhere', '/datasets/1/nowhere', '/trainings//log'])('there is nothing at %j', async (path) => {
    expectRefused(await call('GET', path), [404, 10001], /./);
  });

  test('a wrong method is no route', async () => {
    expectRefused(await call('PUT', '/datasets'), [404, 10001], /./);
  });

  test.each([['pageNum=0', 'pageNum'], ['pageSize=1001', 'pageSize'], ['pageSize=x', 'pageSize'], ['orderBy=password', 'orderBy'], ['order=up', 'order']])('a list with %s names the parameter', async (query, name) => {
    for (const path of ['/codes', '/models', '/trainings', '/datasets']) expectRefused(await call('GET', `${path}?${query}`), [400, 20001], new RegExp(`^${name}: expected`));
  });

  test('a list of jobs has the states of the document', async () => {
    expectRefused(await call('GET', '/trainings?status=asleep'), [400, 20001], /^status: expected one of all, unapproved, queued/);
    for (const status of ['all', 'running', 'unapproved', 'killed']) expect((await ask('GET', `/codes?status=${status}`)).CodeEnvs).toEqual([]);
  });

  test('a body that is no object is a bad parameter', async () => {
    for (const body of ['', '[]', '{', 'null']) expectRefused(await sendAs(alice, { method: 'POST', path: `${API}/datasets`, body }), [400, 20001], /./);
  });
});

describe('datasets', () => {
  test('are uploaded, made, listed, told, downloaded and deleted', async () => {
    const digits = Buffer.from(new Uint8Array(100_000).map((_, at) => at % 251));
    const path = await uploaded('/datasets/upload', digits, 'digits.bin', { isPrivate: 'true' });
    const name = `digits ${randomUUID()}`;
    const { id } = await ask('POST', '/datasets', { name, description: '手写数字', path });
    expect(id).toEqual(expect.any(Number));
    const { dataset } = await ask('GET', `/datasets/${id}`);
    expect(dataset).toEqual({
      id, name, description: '手写数字', creator: 'alice', version: '1', status: 'normal', size: 100_000, fileCount: 1, path, isPrivate: true,
      createdAt: expect.any(Number), updatedAt: expect.any(Number),
    });
    expect(Math.abs(dataset.createdAt - Date.now())).toBeLessThan(60_000);
    const list = await ask('GET', `/datasets?name=${encodeURIComponent(name)}&pageSize=1`);
    expect(list).toEqual({ datasets: [dataset], total: 1, totalPage: 1, pageNum: 1, pageSize: 1 });

    const whole = await download(`/datasets/${id}/download`);
    expect([whole.status, whole.headers.get('content-length'), whole.headers.get('content-disposition')]).toEqual([200, '100000', expect.stringContaining('digits.bin')]);
    expect(sha256(Buffer.from(await whole.arrayBuffer()))).toBe(sha256(digits));
    const part = await download(`/datasets/${id}/download`, { range: 'bytes=99990-' });
    expect([part.status, part.headers.get('content-range'), (await part.arrayBuffer()).byteLength]).toEqual([206, 'bytes 99990-99999/100000', 10]);

    expect(await ask('DELETE', `/datasets/${id}`)).toEqual({});
    expectRefused(await call('GET', `/datasets/${id}`), [404, 10001], /./);
    expectRefused(await call('DELETE', `/datasets/${id}`), [404, 10001], /./);
  });

  test('of an archive come back as a tar.gz of its files', async () => {
    const path = await uploaded('/datasets/upload', await tarGzOf({ 'train/a.txt': 'one', 'train/b.txt': 'two', 'README': '三' }), 'set.tar.gz', { dir: 'mnist' });
    const { id } = await ask('POST', '/datasets', { name: randomUUID(), description: 'x', path });
    expect((await ask('GET', `/datasets/${id}`)).dataset).toMatchObject({ fileCount: 3, size: 9 });
    const answer = await download(`/datasets/${id}/download`);
    expect(answer.headers.get('content-disposition')).toMatch(/\.tar\.gz/);
    const tar = gunzipSync(Buffer.from(await answer.arrayBuffer())).toString('latin1');
    for (const inside of ['train/a.txt', 'train/b.txt', 'README']) expect(tar).toContain(inside);
  });

  test('that are public are seen and not changed by others; private ones are theirs alone', async () => {
    const [open, own] = await Promise.all(['false', 'no'].map(async (isPrivate) => {
      const path = await uploaded('/datasets/upload', 'x', 'x.txt', { isPrivate });
      return (await ask('POST', '/datasets', { name: randomUUID(), description: 'x', path, isPrivate: isPrivate !== 'false' })).id as number;
    }));
    expect((await ask('GET', `/datasets/${open}`, undefined, bob)).dataset).toMatchObject({ creator: 'alice', isPrivate: false });
    expectRefused(await call('GET', `/datasets/${own}`, undefined, bob), [403, 30801], /./);
    for (const id of [open, own]) expectRefused(await call('DELETE', `/datasets/${id}`, undefined, bob), [403, 30801], /./);
    const seen = (await ask('GET', '/datasets?pageSize=1000', undefined, bob)).datasets.map(({ id }: { id: number }) => id);
    expect([seen.includes(open), seen.includes(own)]).toEqual([true, false]);
  });

  test('of one owner have different names', async () => {
    const name = randomUUID();
    const paths = await Promise.all(['a', 'b'].map((text) => uploaded('/datasets/upload', text, 'x.txt')));
    await ask('POST', '/datasets', { name, description: 'x', path: paths[0] });
    expectRefused(await call('POST', '/datasets', { name, description: 'x', path: paths[1] }), [400, 30012], /./);
  });

  test.each(['name', 'description', 'path'])('need %s', async (field) => {
    const body: Record<string, unknown> = { name: randomUUID(), description: 'x', path: 'dataset/x' };
    expectRefused(await call('POST', '/datasets', { ...body, [field]: undefined }), [400, 20001], new RegExp(`^${field}: `));
  });

  test('are made of nothing that is not there, or somebody else’s', async () => {
    expectRefused(await call('POST', '/datasets', { name: randomUUID(), description: 'x', path: `dataset/${UNKNOWN}` }), [400, 30005], /./);
    expectRefused(await call('POST', '/datasets/register', { name: randomUUID(), description: 'x', path: '/etc/passwd' }), [400, 30007], /./);
    expectRefused(await call('POST', '/datasets', { name: randomUUID(), description: 'x', path: '../../etc' }), [400, 30007], /./);
    const path = await uploaded('/datasets/upload', 'x', 'x.txt', {}, bob);
    const { status } = await call('POST', '/datasets', { name: randomUUID(), description: 'x', path });
    expect([400, 403]).toContain(status);
  });

  test.each(['abc', '0', '99999999999', '-1', UNKNOWN])('there is none with the id %s', async (id) => {
    for (const method of ['GET', 'DELETE']) expectRefused(await call(method, `/datasets/${id}`), [404, 10001], /./);
    expectRefused(await call('GET', `/datasets/${id}/download`), [404, 10001], /./);
  });
});

describe('uploads', () => {
  test('without a file say so', async () => {
    for (const kind of ['codes', 'datasets', 'models']) expectRefused(await call('POST', `/${kind}/upload`, { data: 'x' }), [400, 30009], /data/);
  });

  test('that are too large say the limit', async () => {
    expectRefused(await upload('/datasets/upload', Buffer.alloc(2_000_001), 'big.bin'), [400, 30006], /2000000/);
  });

  test('of an archive with a path that leads out are refused', async () => {
    expectRefused(await upload('/datasets/upload', await tarGzOf({ '../../evil': 'x' }), 'evil.tgz'), [400, 30007], /./);
  });

  test('of an archive that is none are refused', async () => {
    const { status, json } = await upload('/codes/upload', 'no archive', 'code.tar.gz');
    expect([status, [30001, 30003].includes(json.code)]).toEqual([400, true]);
  });

  test('of a model of another type are refused', async () => {
    expectRefused(await upload('/models/upload', 'x', 'model.exe'), [400, 30001], /./);
  });
});

describe('models', () => {
  test('are uploaded, made, listed, told, downloaded and deleted', async () => {
    const path = await uploaded('/models/upload', await tarGzOf({ 'model/weights.bin': 'w' }), 'model.tar.gz');
    const name = randomUUID();
    const { id } = await ask('POST', '/models', { name, description: 'd', path, use: 'digits', engine: 'onnx', precision: 'fp32', params: { layers: 2 } });
    const { model, training } = await ask('GET', `/models/${id}`);
    expect(model).toMatchObject({ id, name, description: 'd', creator: 'alice', use: 'digits', engine: 'onnx', precision: 'fp32', params: { layers: 2 }, size: 1, jobId: '' });
    expect(training).toBeNull();
    expect(await ask('GET', `/models?name=${name}`)).toEqual({ models: [model], total: 1, totalPage: 1, pageNum: 1, pageSize: 10 });
    expect((await ask('GET', '/models?use=letters')).models).toEqual([]);
    expect((await download(`/models/${id}/download`)).status).toBe(200);
    expect(await ask('DELETE', `/models/${id}`)).toEqual({});
    expectRefused(await call('GET', `/models/${id}/download`), [404, 10001], /./);
  });

  test('may be what a finished training has left', async () => {
    const id = await start({ 'train.sh': 'while [ "$1" != --output_path ]; do shift; done; echo weights > "$2/weights.txt"' });
    expect(await ended(id)).toMatchObject({ status: 'finished', exitCode: 0 });
    const made = await ask('POST', '/models', { name: randomUUID(), jobId: id });
    const { model, training } = await ask('GET', `/models/${made.id}`);
    expect([model.jobId, training.id, training.status]).toEqual([id, id, 'finished']);
    expect(await (await download(`/models/${made.id}/download`)).text()).toBe('weights\n');
  });
});

const start = async (files: Record<string, string>, more: Record<string, unknown> = {}): Promise<string> => {
  const codePath = await uploaded('/codes/upload', await tarGzOf(files), 'code.tar.gz');
  return ask('POST', '/trainings', { name: 'digits', engine: 'bash', codePath, startupFile: Object.keys(files)[0], ...more });
};

describe('trainings', () => {
  test('are made, told, listed, logged and deleted', async () => {
    const id = await start({ 'train.sh': 'for i in $(seq 2500); do echo "line $i $*"; done; exit 3' }, { params: { lr: 0.1, layers: 'a b; rm -rf /' }, desc: 'a try', deviceNum: 0, outputPath: 'out' });
    expect(id).toEqual(expect.stringMatching(/^[0-9a-f-]{36}$/));
    const training = await ended(id);
    expect(training).toEqual({
      id, name: 'digits', engine: 'bash', deviceType: 'cpu', deviceNum: 1, codePath: expect.stringMatching(/^code\//), startupFile: 'train.sh', outputPath: 'out', datasetPath: '',
      params: { lr: 0.1, layers: 'a b; rm -rf /' }, desc: 'a try', status: 'failed', statusReason: expect.stringMatching(/3/), createTime: expect.any(Number), startTime: expect.any(Number),
      endTime: expect.any(Number), exitCode: 3, jobTrainingType: 'RegularJob', numPs: 0, numPsWorker: 0,
    });
    expect(training.createTime).toBeLessThanOrEqual(training.startTime);

    const first = await ask('GET', `/trainings/${id}/log`);
    expect([first.maxPage, first.log.split('\n').length - 1]).toEqual([2, 2_000]);
    expect(first.log).toMatch(/^line 1 --lr 0\.1 --layers a b; rm -rf \/ .*--output_path \S+\n/);
    const last = await ask('GET', `/trainings/${id}/log?pageNum=7`);
    expect(last.log).toBe((await ask('GET', `/trainings/${id}/log?cursor=${encodeURIComponent(first.cursor)}`)).log);
    expect(last.log).toMatch(/^line 2001 [^]*line 2500 .*\n$/);

    const list = await ask('GET', '/trainings?status=failed&searchWord=a%20try&orderBy=createTime&order=asc');
    expect(list.Trainings.map((row: { id: string }) => row.id)).toContain(id);
    expect(await ask('DELETE', `/trainings/${id}`)).toEqual({});
    expectRefused(await call('GET', `/trainings/${id}`), [404, 10001], /./);
  });

  test('get the data that they name, by its path', async () => {
    const datasetPath = await uploaded('/datasets/upload', await tarGzOf({ 'x.txt': 'seven' }), 'set.tar.gz');
    const id = await start({ 'read.sh': 'while [ "$1" != --data_path ]; do shift; done; cat "$2/x.txt"' }, { datasetPath });
    expect((await ended(id)).status).toBe('finished');
    expect((await ask('GET', `/trainings/${id}/log`)).log).toBe('seven');
  });

  test('are stopped, again and again', async () => {
    const id = await start({ 'wait.sh': 'echo begun; sleep 600' });
    await expect.poll(async () => (await ask('GET', `/trainings/${id}`)).status).toBe('running');
    for (let time = 0; time < 2; time++) expect(await ask('POST', `/trainings/${id}/stop`)).toEqual({});
    expect(await ended(id)).toMatchObject({ status: 'killed' });
    expect(await ask('POST', `/trainings/${id}/stop`)).toEqual({});
  });

  test('that wrote nothing yet have no log', async () => {
    const id = await start({ 'wait.sh': 'sleep 600' });
    expect(await ask('GET', `/trainings/${id}/log`)).toEqual({ maxPage: 0 });
    await ask('DELETE', `/trainings/${id}`);
  });

  test.each([
    ['an unknown engine', { engine: 'tensorflow-9' }, [400, 20001]],
    ['no name', { name: '' }, [400, 20001]],
    ['a name of 10,000 characters', { name: 'x'.repeat(10_000) }, [400, 20001]],
    ['a start file that is not there', { startupFile: 'nowhere.sh' }, [400, 30201]],
    ['a start file elsewhere', { startupFile: '../../etc/passwd.sh' }, [400, 30201]],
    ['a start file of another kind', { startupFile: 'train.exe' }, [400, 30201]],
    ['code that is not there', { codePath: `code/${UNKNOWN}` }, [400, 30005]],
    ['code elsewhere', { codePath: '../..' }, [400, 30007]],
    ['a type that there is not', { jobTrainingType: 'Fancy' }, [400, 30203]],
    ['a PSDistJob without numbers', { jobTrainingType: 'PSDistJob' }, [400, 30203]],
    ['a GPU that nobody has', { deviceType: 'nvidia_quantum', deviceNum: 1 }, [400, 30204]],
    ['params that are none', { params: [1] }, [400, 20001]],
  ] as const)('with %s are refused, and nothing is stored', async (_, wrong, refusal) => {
    const codePath = await uploaded('/codes/upload', await tarGzOf({ 'train.sh': 'true' }), 'code.tar.gz');
    const { total } = await ask('GET', '/trainings');
    expectRefused(await call('POST', '/trainings', { name: 'x', engine: 'bash', codePath, startupFile: 'train.sh', ...wrong }), [...refusal], /./);
    expect((await ask('GET', '/trainings')).total).toBe(total);
  });

  test('of somebody else are not told, stopped or deleted', async () => {
    const id = await start({ 'train.sh': 'true' });
    for (const [method, path] of [['GET', ''], ['GET', '/log'], ['POST', '/stop'], ['DELETE', '']] as const) expectRefused(await call(method, `/trainings/${id}${path}`, undefined, bob), [403, 30801], /./);
    expect((await ask('GET', '/trainings', undefined, bob)).Trainings).toEqual([]);
  });
});

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
