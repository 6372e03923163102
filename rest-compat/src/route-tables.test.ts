import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contracts } from './contracts.js';
import type { OperationRoute, Takes } from './engine/contract.js';
import { fieldName } from './engine/field.name.js';
import { RestServer, type RestAnswer } from './testkit/rest.server.js';
import { IDENTIFIER, listOf, machinePage, sampleDataset, sampleInference, sampleMachine, sampleModel, sampleNotebook, sampleRecognition, sampleReport, sampleResource, sampleTraining, sampleZone } from './testkit/samples.js';

/** A good body or query for every row that takes one; a row without fails here. */
const GOOD: Record<string, Record<string, unknown>> = {
  'POST /api/v1/computing_ids': { computing_ids: [IDENTIFIER, IDENTIFIER] },
  'POST /api/v1/computing_resources': { computing_resources: [sampleReport, { ...sampleReport, observed_at: '2026-01-31T08:00:00Z' }] },
  'GET /api/v1/computing_resources': { page: '1', page_size: '10', resource_type: '超算', region: '北京', organization: '20004' },
  'POST /api/v1/query_computing_resources_by_task_template': { source: 'portal', session_identifier: 's', data: { gpu_memory: 24, region: ['北京', '1101'] } },
  'POST /api/v1/task_path': { task_id: 1, computing_resource_id: 2, result: true },
  'POST /api/ticket': { username: 'user1', password: 'secret' },
  'GET /ai_arts/api/codes': { pageNum: '1', pageSize: '10', orderBy: 'status', order: 'asc', status: 'all', searchWord: '笔记' },
  'POST /ai_arts/api/codes': { name: 'n', engine: 'python', codePath: 'code/1', deviceType: 'gpu', deviceNum: '1', desc: 'd' },
  'POST /ai_arts/api/codes/:id/description': { description: 'd' },
  'POST /ai_arts/api/codes/upload': { dir: 'src' },
  'GET /ai_arts/api/models': { pageNum: '1', pageSize: '10', orderBy: 'createdAt', order: 'desc', name: 'm', use: '识别', status: 'all' },
  'POST /ai_arts/api/models/upload': { dir: '第一版' },
  'POST /ai_arts/api/models': { name: 'm', description: 'd', path: 'model/1', codePath: 'model/1', jobId: '7', use: 'u', engine: 'e', precision: 'fp32', params: { layers: [1, 'x'] } },
  'GET /ai_arts/api/trainings': { pageNum: '2', pageSize: '1000', orderBy: 'name', order: 'asc', status: 'running', searchWord: '数字' },
  'GET /ai_arts/api/trainings/:id/log': { pageNum: '2', cursor: 'c1' },
  'POST /ai_arts/api/trainings': {
    name: 't', engine: 'python', deviceType: 'cpu', deviceNum: 2, codePath: 'code/1', startupFile: 'train.py', datasetPath: 'dataset/1', outputPath: 'out', params: { lr: 0.1 }, desc: 'd', jobTrainingType: 'PSDistJob',
    numPs: 1, numPsWorker: '2',
  },
  'GET /ai_arts/api/datasets': { pageNum: '1', pageSize: '10', orderBy: 'size', order: 'desc', name: '数据', status: 'normal', isPrivate: 'false' },
  'POST /ai_arts/api/datasets/upload': { dir: 'mnist', isPrivate: 'false' },
  'POST /ai_arts/api/datasets': { name: 'd', description: 'd', path: 'dataset/1', isPrivate: false },
  'POST /ai_arts/api/datasets/register': { name: 'd', description: 'd', path: 'shared/mnist', isPrivate: 'true' },
  'GET /ai_arts/api/inferences': { pageNum: '1', pageSize: '10', orderBy: 'status', order: 'desc', status: 'running', name: '识别', searchWord: 'x' },
  'GET /ai_arts/api/ListInferenceJob': { status: 'all', name: '识别' },
  'GET /ai_arts/api/inferences/ListInferenceJob': { pageNum: '3' },
  'POST /ai_arts/api/inferences': { jobName: 'i', modelId: 4, model_base_path: 'model/1', framework: 'onnx', version: '1', device: 'cpu', desc: 'd' },
  'POST /ai_arts/api/inferences/:id/upload_image': { note: 'x' },
  'POST /ai_arts/api/inferences/:id/recognition': { imageId: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a14' },
  'POST /cloud_api launch_instance': { command: 'launch_instance', image: 'xubuntu', flavor: 'm1.small', internet: 'true', name: 'exam' },
  'POST /cloud_api destroy_instance': { command: 'destroy_instance', vm_id: 'vm-1' },
};

const rows = contracts.flatMap(({ name, prefix, routes }) =>
  routes.map((row) => ({ contract: name, row, path: prefix + row.path, id: [row.method, prefix + row.path, ...(row.command === undefined ? [] : [row.command])].join(' ') })));
/** What a row reads its input from. */
const sourceOf = ({ row }: (typeof rows)[number]): string => ('takes' in row ? row.takes.from : 'nothing');
const reading = (...sources: string[]) => rows.filter((row) => sources.includes(sourceOf(row)));
const forms = reading('form');
const posts = reading('body', 'batch');
const uploads = reading('upload');
const gets = rows.filter(({ row }) => row.method === 'GET' && 'operation' in row);
const bare = rows.filter((row) => sourceOf(row) === 'nothing' && row.row.method !== 'GET');
const withParameters = rows.filter(({ path }) => path.includes('/:'));

/** The path with something in place of each of its parameters. */
const pathWith = (path: string, value: string): string => path.replaceAll(/:[a-z]+/g, () => encodeURIComponent(value));

const seed = Math.floor(Math.random() * 2 ** 31);
console.log(`route tables: fast-check seed ${seed}`);
const parameters = { seed, numRuns: 150 };

let rest: RestServer;
beforeAll(async () => { rest = await RestServer.start(); });
afterAll(() => rest[Symbol.asyncDispose]());
beforeEach(() => {
  rest.graph.requests.length = 0;
  rest.logged.length = 0;
  rest.graph.fields = {
    logIn: () => ({ ticket: 't', csrfPreventionToken: 'c', expiresAt: '2026-01-31T10:00:00.000Z', user: { username: 'u' } }),
    machines: () => machinePage([sampleMachine]),
    registerComputingIdentifiers: () => ({ count: 1 }),
    reportComputingResources: () => ({ count: 1 }),
    availabilityZones: () => ({ totalCount: 1, nodes: [sampleZone] }),
    submitTask: () => ({ id: '7', offers: { totalCount: 1, nodes: [{ rank: 1, resource: sampleResource }] } }),
    chooseTaskPath: () => ({ resourceUrl: 'http://192.168.1.1:80' }),
    launchVirtualMachine: () => ({ id: 'vm-1', ipv4: '127.77.0.1' }),
    destroyVirtualMachine: () => ({ id: 'vm-1' }),
    uploadFiles: () => ({ path: sampleDataset.path }),
    notebooks: () => listOf(sampleNotebook),
    notebook: () => sampleNotebook,
    createNotebook: () => sampleNotebook,
    deleteNotebook: () => true,
    describeNotebook: () => sampleNotebook,
    trainings: () => listOf(sampleTraining),
    training: () => sampleTraining,
    createTraining: () => sampleTraining,
    stopTraining: () => sampleTraining,
    deleteTraining: () => true,
    models: () => listOf(sampleModel),
    model: () => sampleModel,
    registerModel: () => sampleModel,
    deleteModel: () => true,
    datasets: () => listOf(sampleDataset),
    dataset: () => sampleDataset,
    registerDataset: () => sampleDataset,
    deleteDataset: () => true,
    inferenceServices: () => listOf(sampleInference),
    inferenceService: () => sampleInference,
    createInferenceService: () => sampleInference,
    deleteInferenceService: () => true,
    uploadImage: () => ({ id: '8f14e45f-ceea-467f-a8f1-0d1d2c9c2a14' }),
    recognizeImage: () => sampleRecognition,
  };
});

const nasty = fc.constantFrom<unknown>(
  2 ** 31, 2 ** 31 - 1, 2 ** 53 + 2, -1, -0, 0.5, 1e308, 'NaN', '2147483648', '-1', '1e3', '', '5ms', '-5ms', '99999999999s', null, true,
  [], {}, [[]], '80,443', '1-70000', '::1', '1.2.3.4', '9999-12-31T23:59:59Z', '\u0000', '\ud800', '🚀', '‮\'; drop table task; --', '<script>',
  { __proto__: null, constructor: 1 }, 'x'.repeat(10_000),
);
const anyValue = fc.oneof(nasty, fc.jsonValue(), fc.string({ unit: 'binary' }), fc.integer(), fc.double());

const anyText = anyValue.map((value) => (typeof value === 'string' ? value : (JSON.stringify(value) ?? '')).toWellFormed());

/** Was given to what stands behind the contracts, as the graph had said. */
const isPassedOn = ({ status, text }: RestAnswer): boolean => status === 404 && text === `nothing legacy at ${sampleDataset.downloadUrl}`;

function isSuccess(answer: RestAnswer): boolean {
  const { status, json } = answer;
  if (isPassedOn(answer)) return true;
  if (json.ret_code !== undefined) return json.ret_code === 0;
  return status === 200 && (json.code === undefined || json.code === 0 || json.code === 200);
}

/** Whatever was sent: the contract's envelope, never 500, and the graph was asked exactly when the answer is a success. */
function expectSound(answer: RestAnswer, contract: string): void {
  if (!isPassedOn(answer)) expectEnvelope(answer, contract);
  const asked = rest.graph.requests.filter(({ operationName }) => operationName !== 'Caller');
  expect(asked.length, answer.text).toBe(isSuccess(answer) ? 1 : 0);
  expect(rest.logged).toEqual([]);
  rest.graph.requests.length = 0;
}

function expectEnvelope({ status, json, headers }: RestAnswer, contract: string): void {
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  if (contract === 'interconnect') {
    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual(['code', 'message', 'data']);
    expect(json.code).not.toBe(500);
  } else if (contract === 'cloud-api') {
    expect([200, 401]).toContain(status);
    expect(Object.keys(json).slice(0, 2)).toEqual(['ret_code', 'description']);
    expect([0, 1, 2, 9]).toContain(json.ret_code);
  } else if (contract === 'ai-arts') {
    expect(status).toBeLessThan(500);
    expect(Object.keys(json)).toEqual(['code', 'msg', 'data']);
  } else {
    expect(status).toBeLessThan(500);
    expect(Object.keys(json)).toHaveLength(1);
  }
}

/** Every place in a value below the top. */
function places(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([key, item]) => places(item, [...path, Array.isArray(value) ? Number(key) : key]));
  return path.length === 0 ? below : [path, ...below];
}

/** The value with another one at a place. */
function withAt(value: unknown, [step, ...rest]: (string | number)[], replacement: unknown): unknown {
  if (step === undefined) return replacement;
  if (Array.isArray(value)) return value.map((item, index) => (index === step ? withAt(item, rest, replacement) : item));
  const object = value as Record<string, unknown>;
  return { ...object, [step]: withAt(object[step], rest, replacement) };
}

describe.each(posts)('$id', ({ id, path: template, contract }) => {
  const path = pathWith(template, '7');
  const good = GOOD[id] ?? {};

  it('has a sample, and takes it', async () => {
    const answer = await rest.post(path, good);
    expect(isSuccess(answer), answer.text).toBe(true);
    expectSound(answer, contract);
  });

  it('stays sound whatever bytes are sent', () =>
    fc.assert(fc.asyncProperty(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.json().map((text) => Buffer.from(text))), async (bytes) => {
      expectSound(await rest.post(path, Buffer.from(bytes)), contract);
    }), parameters));

  it('stays sound whatever its own fields hold', () =>
    fc.assert(fc.asyncProperty(fc.record(Object.fromEntries([...Object.keys(good), 'unknown', 'constructor'].map((key) => [key, anyValue])), { requiredKeys: [] }), async (body) => {
      expectSound(await rest.post(path, body), contract);
    }), parameters));

  it('stays sound when anything stands in any place of a good body', () =>
    fc.assert(fc.asyncProperty(fc.constantFrom(...places(good)), anyValue, async (place, value) => {
      expectSound(await rest.post(path, withAt(good, place, value)), contract);
    }), parameters));

  it('refuses what cannot be kept wherever it stands, names the place and stores nothing', () =>
    fc.assert(fc.asyncProperty(fc.constantFrom(...places(good)), fc.constantFrom('"\\u0000"', '"\\ud800"', '1e999', '-1e999'), async (place, token) => {
      const body = JSON.stringify(withAt(good, place, '@')).replace('"@"', token);
      const answer = await rest.post(path, body);
      expect(isSuccess(answer)).toBe(false);
      expect(answer.text).toContain(JSON.stringify(fieldName(place)).slice(1, -1));
      expectSound(answer, contract);
    }), parameters));

  it('refuses broken UTF-8 wherever it stands', () =>
    fc.assert(fc.asyncProperty(fc.constantFrom(...places(good)), fc.constantFrom('ff', 'c0af', 'eda080', 'f0288cbc', 'e4b8'), async (place, hex) => {
      const [before = '', after = ''] = JSON.stringify(withAt(good, place, '@')).split('@');
      const answer = await rest.post(path, Buffer.concat([Buffer.from(before), Buffer.from(hex, 'hex'), Buffer.from(after)]));
      expect(isSuccess(answer)).toBe(false);
      expect(answer.text).toContain(`${JSON.stringify(fieldName(place)).slice(1, -1)}: not valid UTF-8`);
      expectSound(answer, contract);
    }), parameters));
});

describe.each(forms)('$id', ({ id, path, contract }) => {
  const good = (GOOD[id] ?? {}) as Record<string, string>;
  const anyFields = fc.dictionary(fc.constantFrom(...Object.keys(good), 'token', '__proto__', 'x'), anyText);

  it('takes its sample in both kinds of form', async () => {
    for (const multipart of [true, false]) {
      const answer = await rest.form(path, good, { multipart });
      expect(isSuccess(answer), answer.text).toBe(true);
      expectSound(answer, contract);
    }
  });

  it('stays sound whatever its fields hold', () =>
    fc.assert(fc.asyncProperty(anyFields, fc.boolean(), async (fields, multipart) => {
      expectSound(await rest.form(path, { ...good, ...fields }, { multipart }), contract);
    }), parameters));

  it('stays sound whatever bytes are sent, as whatever they are declared', () =>
    fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'multipart/form-data', 'text/plain'), async (bytes, type) => {
      const framed = Buffer.concat([Buffer.from('--x\r\nContent-Disposition: form-data; name="command"\r\n\r\n'), bytes]);
      for (const body of [Buffer.from(bytes), framed]) expectSound(await rest.post(path, body, { 'content-type': type }), contract);
    }), parameters));

  it('stays sound whatever stands between the signs of a form', () =>
    fc.assert(fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'&=%+;0f\u00e9', 'command', 'launch_instance', 'vm_id', '%ff', '%00') }), async (text) => {
      expectSound(await rest.post(path, text, { 'content-type': 'application/x-www-form-urlencoded' }), contract);
    }), parameters));
});

describe.each(uploads)('$id', ({ id, path: template, contract, row }) => {
  const path = pathWith(template, '7');
  const good = (GOOD[id] ?? {}) as Record<string, string>;
  const takes = (row as OperationRoute<unknown, unknown>).takes as Extract<Takes<unknown>, { from: 'upload' }>;
  const file = { key: takes.file, name: 'x.zip', bytes: 'bytes' };

  it.runIf(takes.isOptional)('takes a form without the file, a JSON object, and nothing at all', async () => {
    const answers = [await rest.form(path, good, { multipart: true }), await rest.post(path, good), await rest.post(path, '')];
    for (const answer of answers) expect(isSuccess(answer), answer.text).toBe(true);
    rest.graph.requests.length = 0;
  });

  it.skipIf(takes.isOptional)('takes its sample, and misses the file in one without', async () => {
    const answer = await rest.form(path, good, { file });
    expect(isSuccess(answer), answer.text).toBe(true);
    expectSound(answer, contract);
    const without = await rest.form(path, good, { multipart: true });
    expect(isSuccess(without), without.text).toBe(false);
    expectSound(without, contract);
  });

  it('stays sound whatever its fields hold, and the file and its name', () =>
    fc.assert(fc.asyncProperty(fc.dictionary(fc.constantFrom('dir', 'isPrivate', 'imageId', takes.file, '__proto__', 'x'), anyText), fc.uint8Array({ maxLength: 300 }), anyText, async (fields, bytes, name) => {
      expectSound(await rest.form(path, { ...good, ...fields }, { file: { ...file, bytes, name } }), contract);
    }), parameters));

  it('stays sound whatever bytes are sent, as whatever they are declared', () =>
    fc.assert(fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.constantFrom('', 'application/json', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'multipart/form-data'), async (bytes, type) => {
      const framed = Buffer.concat([Buffer.from('--x\r\nContent-Disposition: form-data; name="data"; filename="f"\r\n\r\n'), bytes]);
      for (const body of [Buffer.from(bytes), framed]) expectSound(await rest.post(path, body, { 'content-type': type }), contract);
    }), parameters));
});

describe.each(bare)('$id', ({ path, row: { method }, contract }) => {
  it('takes no body, and looks at none', async () => {
    for (const body of [undefined, '{}', '{', Buffer.from('ff00', 'hex')]) {
      const answer = await rest.send({ method, path: pathWith(path, '7'), headers: { token: 'secret' }, ...(body === undefined ? {} : { body }) });
      expect(isSuccess(answer), answer.text).toBe(true);
      expectSound(answer, contract);
    }
  });
});

describe.each(withParameters)('$id', ({ id, path, row: { method }, contract }) => {
  const send = (target: string) => {
    const body = method === 'POST' ? JSON.stringify(GOOD[id] ?? {}) : undefined;
    return rest.send({ method, path: target, headers: { token: 'secret', 'content-type': 'application/json' }, ...(body === undefined ? {} : { body }) });
  };

  it('stays sound whatever its parameters are', () =>
    fc.assert(fc.asyncProperty(fc.oneof(anyText, fc.constantFrom('.', '..', '../..', '/', '%', '7?x=1', ':id', '$&')), async (value) => {
      expectSound(await send(pathWith(path, value.slice(0, 2_000))), contract);
    }), parameters));

  it('stays sound whatever bytes are sent for them', () =>
    fc.assert(fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'a7%/.;:@&=+$,~', ':id', '%ff', '%c3%bf', '%00', '%2F', '%ed%a0%80') }), async (bytes) => {
      expectSound(await send(path.replaceAll(/:[a-z]+/g, () => bytes)), contract);
    }), parameters));
});

describe.each(gets)('$id', ({ id, path: template, contract }) => {
  const good = GOOD[id] ?? {};
  const path = pathWith(template, '7');
  const search = (query: Record<string, unknown>) => new URLSearchParams(query as Record<string, string>).toString();

  it('takes its sample', async () => {
    const answer = await rest.get(`${path}?${search(good)}`);
    expect(isSuccess(answer), answer.text).toBe(true);
    expectSound(answer, contract);
  });

  it('stays sound whatever its parameters hold', () =>
    fc.assert(fc.asyncProperty(fc.record(Object.fromEntries([...Object.keys(good), '__proto__', 'x'].map((key) => [key, anyText])), { requiredKeys: [] }), async (query) => {
      expectSound(await rest.get(`${path}?${search({ ...good, ...query }).slice(0, 8000)}`), contract);
    }), parameters));

  it('stays sound whatever the query string is', () =>
    fc.assert(fc.asyncProperty(fc.string({ unit: fc.constantFrom(...'page_size=&%+;0f1?/\\"<[]') }), async (query) => {
      expectSound(await rest.get(`${path}?${query}`), contract);
    }), parameters));
});

describe('page and page_size', () => {
  it('are refused unless they are positive integers, and page_size at most 1000', () =>
    fc.assert(fc.asyncProperty(fc.constantFrom('page', 'page_size'), fc.oneof(fc.integer(), fc.double(), fc.string()).map(String), async (name, value) => {
      const query = new URLSearchParams({ page: '1', page_size: '1', [name]: value.toWellFormed() }).toString();
      const { json } = await rest.get(`/api/v1/computing_resources?${query}`);
      const fits = /^\d{1,10}$/.test(value) && Number(value) >= 1 && Number(value) <= (name === 'page' ? 2 ** 31 - 1 : 1000);
      expect(json.code).toBe(fits ? 0 : 400);
      if (!fits) expect(json.message.startsWith(`${name}: `)).toBe(true);
    }), parameters));
});
