import { randomUUID } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { AiArtsClient, API, expectRefused } from '../testkit/ai-arts.client.js';
import { sendAs, type HttpAnswer } from '../testkit/http.js';
import { BRIGHT, brightnessModel, DARK } from '../testkit/inference.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { LOCAL_ENGINE } from '../testkit/training.js';

// Section 6 of AIArts: a model is uploaded, served and asked what pictures show, as an old client does.

const UNKNOWN = randomUUID();
const LARGEST = 1_000_000;

let platform: Platform;
let alice: Actor;
let bob: Actor;
let client: AiArtsClient;
let modelId: number;
let jobId: string;
beforeAll(async () => {
  platform = await startPlatform({ environment: { ...LOCAL_ENGINE, JOB_MEMORY_MIB: '512', INFERENCE_IMAGE_BYTES: String(LARGEST) } });
  const root = await admin(platform);
  alice = await actor(root, 'alice');
  bob = await actor(root, 'bob');
  client = new AiArtsClient(alice);
  const path = await client.uploaded('/models/upload', await brightnessModel(), 'model.tar.gz');
  ({ id: modelId } = await client.ask('POST', '/models', { name: '亮度', path }));
  ({ jobId } = await client.ask('POST', '/inferences', { jobName: '识别', modelId, framework: 'onnx', device: 'cpu', desc: 'two classes' }));
  await until('the service to run', async () => (await client.ask('GET', `/inferences/${jobId}`)).jobStatus === 'running');
}, 120_000);
afterAll(() => platform?.dispose());

const form = async (path: string, fields: Record<string, string | Blob>, as = alice): Promise<HttpAnswer> => {
  const data = new FormData();
  for (const [key, value] of Object.entries(fields)) data.append(key, value);
  const sent = new Response(data);
  return sendAs(as, { method: 'POST', path: `${API}${path}`, headers: { 'content-type': sent.headers.get('content-type')! }, body: new Uint8Array(await sent.arrayBuffer()) });
};
const recognition = (id = jobId) => `/inferences/${id}/recognition`;
const uploadImage = (id = jobId) => `/inferences/${id}/upload_image`;
const uploaded = async (picture: Buffer<ArrayBuffer>): Promise<string> => {
  const { json, text } = await form(uploadImage(), { image: new Blob([picture]) });
  expect([json?.code, json?.data], text).toEqual([0, { imageId: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
  return json.data.imageId as string;
};
const says = (label: string) => ({ type: 'classify', data: [[label, expect.closeTo(1, 1)], [label === 'dark' ? 'bright' : 'dark', expect.closeTo(0, 1)]] });

describe('inference services', () => {
  test('are told and listed, under every address of the list', { tags: ['ai-arts/6.1/route', 'ai-arts/6.1/ListInferenceJob', 'ai-arts/6.1/status', 'ai-arts/6.1/name', 'ai-arts/6.2/route'] }, async () => {
    const inference = {
      jobId, jobName: '识别', jobStatus: 'running', jobTime: expect.any(Number),
      jobParams: { modelId, modelName: '亮度', version: '1', model_base_path: expect.stringMatching(/^model\//), framework: 'onnx', device: 'cpu', deviceNum: 1, desc: 'two classes', statusReason: '', requests: expect.any(Number), failed: expect.any(Number), latencyMs: expect.any(Number) },
    };
    expect(await client.ask('GET', `/inferences/${jobId}`)).toEqual(inference);
    for (const path of ['/inferences', '/ListInferenceJob', '/inferences/ListInferenceJob']) {
      expect(await client.ask('GET', `${path}?status=running&name=${encodeURIComponent('识')}&pageNum=1&pageSize=5`)).toEqual({ inferences: [inference], total: 1, totalPage: 1 });
    }
    for (const other of ['status=failed', `name=${UNKNOWN}`]) expect(await client.ask('GET', `/inferences?${other}`)).toEqual({ inferences: [], total: 0, totalPage: 0 });
  });

  test('say what a picture shows that was uploaded: one by its id, or the last one', { tags: ['ai-arts/6.4/route', 'ai-arts/6.5/route', 'ai-arts/6.5/last', 'ai-arts/6.5/classify'] }, async () => {
    const dark = await uploaded(DARK);
    await uploaded(BRIGHT);
    expect(await client.ask('POST', recognition(), { imageId: dark })).toEqual(says('dark'));
    expect(await client.ask('POST', recognition(), {})).toEqual(says('bright'));
    expect(await client.ask('POST', recognition())).toEqual(says('bright'));
    expect((await form(recognition(), { imageId: dark })).json).toEqual({ code: 0, msg: 'success', data: says('dark') });
  });

  test('say it in one step, too', { tags: ['ai-arts/6.5/one-step'] }, async () => {
    expect((await form(recognition(), { image: new Blob([DARK]) })).json).toEqual({ code: 0, msg: 'success', data: says('dark') });
  });

  test.each(['png', 'jpeg', 'webp', 'gif'] as const)('take a picture that is %s', { tags: ['ai-arts/6.4/kinds'] }, async (kind) => {
    const picture = await sharp(BRIGHT).toFormat(kind).toBuffer();
    expect(await client.ask('POST', recognition(), { imageId: await uploaded(Buffer.from(picture)) })).toEqual(says('bright'));
  });

  test('are made of the path of a model, and deleted with their model in use until then', { tags: ['ai-arts/6.3/route', 'ai-arts/6.3/model_base_path', 'ai-arts/2.5/in-use', 'ai-arts/0/30000'] }, async () => {
    const { model } = await client.ask('GET', `/models/${modelId}`);
    const made = await client.ask('POST', '/inferences', { jobName: 'by its path', model_base_path: model.path });
    expectRefused(await client.call('DELETE', `/models/${modelId}`), [400, 30000], /in use/);
    expect(await client.ask('DELETE', `/inferences/${made.jobId}`)).toEqual({});
    expectRefused(await client.call('GET', `/inferences/${made.jobId}`), [404, 10001], /./);
  });

  test('that do not run yet say so', { tags: ['ai-arts/6.5/not-running', 'ai-arts/0/30000'] }, async () => {
    const { jobId: waiting } = await client.ask('POST', '/inferences', { jobName: 'waits', modelId, device: 'cpu' });
    const answers = await Promise.all([client.call('POST', recognition(waiting), {}), form(recognition(waiting), { image: new Blob([DARK]) })]);
    for (const answer of answers) expectRefused(answer, [400, 30000], /^job not running$/);
    await client.ask('DELETE', `/inferences/${waiting}`);
  });

  test.each([
    ['without a name', { jobName: '' }, [400, 20001], /^jobName: /],
    ['without a model', { modelId: undefined }, [400, 20001], /^modelId: /],
    ['with a model that is not there', { modelId: 999_999 }, [404, 10001], /./],
    ['with a path that is none', { modelId: undefined, model_base_path: 'model/x' }, [404, 10001], /./],
    ['with another framework', { framework: 'tensorflow' }, [400, 20001], /^framework: /],
    ['on a device that is not there', { device: 'gpu' }, [400, 20001], /^device: /],
  ] as const)('%s are refused', { tags: ['ai-arts/6.3/required', 'ai-arts/0/10001', 'ai-arts/0/20001'] }, async (_what, wrong, refusal, msg) => {
    expectRefused(await client.call('POST', '/inferences', { jobName: 'x', modelId, ...wrong }), refusal, msg);
  });

  test('of a model that is not ONNX are refused', { tags: ['ai-arts/0/30204', 'ai-arts/2.3/codePath'] }, async () => {
    const path = await client.uploaded('/codes/upload', 'print(1)', 'model.py');
    const { id } = await client.ask('POST', '/models', { name: 'no network', codePath: path });
    expectRefused(await client.call('POST', '/inferences', { jobName: 'x', modelId: id }), [400, 30204], /onnx/);
  });

  test('of somebody else are not told, asked or deleted', { tags: ['ai-arts/0/30801'] }, async () => {
    const tries = [client.call('GET', `/inferences/${jobId}`, undefined, bob), client.call('DELETE', `/inferences/${jobId}`, undefined, bob), client.call('POST', recognition(), {}, bob), form(uploadImage(), { image: new Blob([DARK]) }, bob)];
    for (const answer of await Promise.all(tries)) expectRefused(answer, [403, 30801], /./);
    expect((await client.ask('GET', '/inferences', undefined, bob)).total).toBe(0);
    expectRefused(await client.call('POST', recognition(), { imageId: await uploaded(DARK) }, bob), [403, 30801], /./);
  });

  test('that are not there are not found', async () => {
    const tries = [client.call('GET', `/inferences/${UNKNOWN}`), client.call('DELETE', `/inferences/${UNKNOWN}`), client.call('POST', recognition(UNKNOWN), {}), form(uploadImage('7'), { image: new Blob([DARK]) })];
    for (const answer of await Promise.all(tries)) expectRefused(answer, [404, 10001], /./);
  });

  test.each([
    ['a picture that is none', () => form(recognition(), { image: new Blob(['<svg/>']) }), [400, 30001]],
    ['a picture that is cut off', () => form(recognition(), { image: new Blob([DARK.subarray(0, 50)]) }), [400, 30001]],
    ['an upload that is none', () => form(uploadImage(), { image: new Blob(['hello']) }), [400, 30001]],
    ['a picture that is too large', () => form(uploadImage(), { image: new Blob([DARK, Buffer.alloc(LARGEST)]) }), [400, 30006]],
    ['no picture', () => form(uploadImage(), { note: 'x' }), [400, 30009]],
    ['an unknown picture', () => client.call('POST', recognition(), { imageId: UNKNOWN }), [404, 10001]],
    ['an id that is no text', () => client.call('POST', recognition(), { imageId: 7 }), [400, 20001]],
    ['a list', () => client.call('POST', recognition(), [1]), [400, 20001]],
  ] as const)('refuse %s', { tags: ['ai-arts/6.4/kinds', 'ai-arts/6.4/size', 'ai-arts/0/30001', 'ai-arts/0/30006', 'ai-arts/0/30009'] }, async (_what, ask, refusal) => {
    expectRefused(await ask(), refusal, /./);
  });
});
