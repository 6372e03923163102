import type { Tensor } from '@hutong/ai-arts/drivers/runtime';
import { decodeMessage, decodeTensors, encodeMessage, JSON_LENGTH_HEADER } from '@hutong/ai-arts/drivers/runtime/protocol/tensor.message';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onnxModel, ONNX_TYPES } from '../testkit/onnx.model.js';
import { floats, OnnxWorkers, patience, type OnnxWorker } from '../testkit/onnx.worker.js';

/** `sum` is `a` plus `b`, row by row; `count` is `n` as it was. */
const MODEL = onnxModel({
  nodes: [
    { op: 'Add', inputs: ['a', 'b'], outputs: ['sum'] },
    { op: 'Identity', inputs: ['n'], outputs: ['count'] },
  ],
  inputs: [{ name: 'a', shape: ['N', 3] }, { name: 'b', shape: ['N', 3] }, { name: 'n', type: 'INT64', shape: ['N'] }],
  outputs: [{ name: 'sum', shape: ['N', 3] }, { name: 'count', type: 'INT64', shape: ['N'] }],
});
const entry = (name: string, values: readonly unknown[] = [1, 2, 3], change: object = {}) => ({ name, datatype: 'FP32', shape: [1, 3], data: values, ...change });
const count = (change: object = {}) => ({ name: 'n', datatype: 'INT64', shape: [1], data: [7], ...change });
const body = (change: object = {}) => ({ inputs: [entry('a'), entry('b', [10, 20, 30]), count()], ...change });

let workers: OnnxWorkers;
let worker: OnnxWorker;
beforeAll(async () => {
  workers = await OnnxWorkers.open();
  worker = await workers.start(MODEL, { bodyBytes: 100_000 });
});
afterAll(() => workers[Symbol.asyncDispose]());

test('whether it lives and is ready anybody may ask; all else takes the token', async () => {
  const without = { headers: { authorization: '' } };
  expect(await (await worker.fetch('/v2/health/live', without)).json()).toEqual({ live: true });
  expect(await (await worker.fetch('/v2/health/ready', without)).json()).toEqual({ ready: true });
  for (const place of ['/v2', '/v2/models/net', '/v2/models/net/ready', '/v2/models/net/stats', '/v2/models/other', '/elsewhere']) {
    for (const authorization of ['', 'Bearer wrong', 'Basic dG9rZW4tb2YtdGhlLXRlc3Q=', 'Bearer']) expect((await worker.fetch(place, { headers: { authorization } })).status, `${place} with ${authorization}`).toBe(401);
  }
  const refused = await worker.post(body(), { authorization: 'Bearer wrong' });
  expect(refused.status).toBe(401);
  expect(await refused.json()).toEqual({ error: 'header authorization: expected the token of this worker' });
});

test('it tells of itself and its model', async () => {
  expect(await (await worker.fetch('/v2')).json()).toMatchObject({ name: expect.any(String), version: expect.any(String), extensions: expect.arrayContaining(['binary_tensor_data']) });
  const metadata = { name: 'net', versions: ['1'], platform: 'onnx_onnxv1', inputs: [{ name: 'a', datatype: 'FP32', shape: [-1, 3] }, { name: 'b', datatype: 'FP32', shape: [-1, 3] }, { name: 'n', datatype: 'INT64', shape: [-1] }], outputs: [{ name: 'sum', datatype: 'FP32', shape: [-1, 3] }, { name: 'count', datatype: 'INT64', shape: [-1] }] };
  expect(await (await worker.fetch('/v2/models/net')).json()).toEqual(metadata);
  expect(await (await worker.fetch('/v2/models/net/versions/1')).json()).toEqual(metadata);
  expect((await worker.fetch('/v2/models/net/ready')).status).toBe(200);
  const { name, platform, inputs, outputs } = metadata;
  expect(await worker.client.metadata(patience())).toEqual({ name, platform, inputs, outputs });
});

test('it answers in JSON, flat or nested, with the id of the request', async () => {
  const answer = await worker.post(body({ id: 'one', inputs: [count({ shape: [2], data: [1, 9007199254740991] }), entry('b', [[1, 1, 1], [2, 2, 2]], { shape: [2, 3] }), entry('a', [1, 2, 3, 4, 5, 6], { shape: [2, 3] })] }));
  expect(answer.headers.get('content-type')).toBe('application/json');
  expect(await answer.json()).toEqual({ model_name: 'net', model_version: '1', id: 'one', outputs: [{ name: 'sum', datatype: 'FP32', shape: [2, 3], data: [2, 3, 4, 6, 7, 8] }, { name: 'count', datatype: 'INT64', shape: [2], data: [1, 9007199254740991] }] });
});

test('it takes and gives binary data, for all or for single tensors', async () => {
  const inputs: Tensor[] = [floats('a', [1, 3], [1, 2, 3]), floats('b', [1, 3], [0.5, 0.5, 0.5]), { name: 'n', datatype: 'INT64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }];
  const all = encodeMessage({ parameters: { binary_data_output: true } }, 'inputs', inputs, () => true);
  const answer = await worker.post(all.body, all.headers);
  expect(answer.headers.get('content-type')).toBe('application/octet-stream');
  const found = decodeTensors(decodeMessage(new Uint8Array(await answer.arrayBuffer()), answer.headers.get(JSON_LENGTH_HEADER) ?? undefined), 'outputs');
  expect(found).toEqual([floats('sum', [1, 3], [1.5, 2.5, 3.5]), { name: 'count', datatype: 'INT64', shape: [1], data: BigInt64Array.of(-(2n ** 63n)) }]);

  const some = encodeMessage({ outputs: [{ name: 'sum', parameters: { binary_data: false } }] }, 'inputs', inputs, ({ name }) => name === 'n');
  expect(await (await worker.post(some.body, some.headers)).json()).toEqual({ model_name: 'net', model_version: '1', outputs: [{ name: 'sum', datatype: 'FP32', shape: [1, 3], data: [1.5, 2.5, 3.5] }] });
  expect(await worker.client.infer(inputs, patience())).toEqual(found);
});

describe('a request that is wrong is told which field', () => {
  const cases: [string, unknown, RegExp, Record<string, string>?][] = [
    ['no JSON', '{', /the body is not JSON/],
    ['a list', [], /the body: expected an object/],
    ['no inputs', {}, /^inputs: expected a list/],
    ['an input that is missing', { inputs: [entry('a'), entry('b')] }, /^inputs: "n" is missing/],
    ['an input too many', body({ inputs: [entry('a'), entry('b'), count(), entry('c')] }), /^inputs\[3\]\.name: the model has no input "c"; it has "a", "b", "n"/],
    ['an input twice', body({ inputs: [entry('a'), entry('a'), count()] }), /^inputs\[1\]\.name: "a" is there twice/],
    ['another type', body({ inputs: [entry('a', [1, 2, 3], { datatype: 'INT32' }), entry('b'), count()] }), /^inputs\[0\]\.datatype: the model takes FP32, not INT32/],
    ['a type that there is not', body({ inputs: [entry('a', [1, 2, 3], { datatype: 'float' }), entry('b'), count()] }), /^inputs\[0\]\.datatype: expected one of BOOL/],
    ['another shape', body({ inputs: [entry('a', [1, 2], { shape: [1, 2] }), entry('b'), count()] }), /^inputs\[0\]\.shape: the model takes \[-1, 3\], not \[1, 2\]/],
    ['fewer dimensions', body({ inputs: [entry('a', [1, 2, 3], { shape: [3] }), entry('b'), count()] }), /^inputs\[0\]\.shape/],
    ['no row', body({ inputs: [entry('a', [], { shape: [0, 3] }), entry('b'), count()] }), /^inputs\[0\]\.shape/],
    ['a shape beyond all memory', body({ inputs: [entry('a', [1], { shape: [2 ** 40, 2 ** 40] }), entry('b'), count()] }), /^inputs\[0\]\.shape: too many elements/],
    ['a shape that is none', body({ inputs: [entry('a', [1], { shape: [-1, 3] }), entry('b'), count()] }), /^inputs\[0\]\.shape: expected a list/],
    ['too few elements', body({ inputs: [entry('a', [1, 2]), entry('b'), count()] }), /^inputs\[0\]\.data: shape \[1, 3\] takes 3 elements, not 2/],
    ['no elements', body({ inputs: [{ name: 'a', datatype: 'FP32', shape: [1, 3] }, entry('b'), count()] }), /^inputs\[0\]\.data: expected a list/],
    ['an element that is no number', body({ inputs: [entry('a', [1, 'two', 3]), entry('b'), count()] }), /^inputs\[0\]\.data\[1\]: expected FP32/],
    ['a broken integer', body({ inputs: [entry('a'), entry('b'), count({ data: [1.5] })] }), /^inputs\[2\]\.data\[0\]: expected INT64/],
    ['an integer that JSON cannot hold', body({ inputs: [entry('a'), entry('b'), count({ data: [2 ** 60] })] }), /^inputs\[2\]\.data\[0\]: expected INT64/],
    ['an id that is no text', body({ id: 7 }), /^id: expected a text/],
    ['an output that there is not', body({ outputs: [{ name: 'difference' }] }), /^outputs\[0\]\.name: expected an output of the model, which has "sum", "count"/],
    ['an output twice', body({ outputs: [{ name: 'sum' }, { name: 'sum' }] }), /^outputs\[1\]\.name: "sum" is there twice/],
    ['a flag that is none', body({ parameters: { binary_data_output: 1 } }), /^parameters\.binary_data_output: expected true or false/],
    ['binary data that is not there', body({ inputs: [entry('a', [], { data: undefined, parameters: { binary_data_size: 12 } }), entry('b'), count()] }), /^inputs\[0\]\.parameters\.binary_data_size: the body ends 12 bytes too early/],
    ['binary data of another size', body({ inputs: [entry('a', [], { data: undefined, parameters: { binary_data_size: 8 } }), entry('b'), count()] }), /^inputs\[0\]\.parameters\.binary_data_size: FP32 \[1, 3\] takes 12 bytes, not 8/],
    ['more JSON than body', JSON.stringify(body()), /^header inference-header-content-length: 100000 bytes of JSON are announced/, { [JSON_LENGTH_HEADER]: '100000' }],
    ['a length that is none', JSON.stringify(body()), /^header inference-header-content-length: expected/, { [JSON_LENGTH_HEADER]: 'all' }],
    ['bytes that belong to nothing', `${JSON.stringify(body())}rest`, /^inputs: 4 bytes of the body belong to no tensor/, { [JSON_LENGTH_HEADER]: String(JSON.stringify(body()).length) }],
  ];

  test.each(cases)('%s', async (_, content, words, headers) => {
    const answer = await worker.post(content, headers);
    expect({ status: answer.status, ...((await answer.json()) as object) }).toEqual({ status: 400, error: expect.stringMatching(words) });
  });

  test('and the worker goes on', async () => {
    expect((await worker.post(body())).status).toBe(200);
  });
});

test('what is too large, or no request of the protocol, is refused', async () => {
  const large = { inputs: [entry('a', Array.from({ length: 60_000 }, () => 1), { shape: [20_000, 3] })] };
  expect((await worker.post(large)).status, 'announced').toBe(413);
  const chunks = ReadableStream.from(Array.from({ length: 10 }, () => Buffer.alloc(32_768, ' ')));
  const unannounced = await worker.fetch('/v2/models/net/infer', { method: 'POST', body: chunks, duplex: 'half' }).then(({ status }) => status, () => 413);
  expect(unannounced, 'found out when it came').toBe(413);
  const expected: [string, RequestInit, number][] = [
    ['/v2/models/other', {}, 404],
    ['/v2/models/net/versions/2', {}, 404],
    ['/v2/models/net/forget', {}, 404],
    ['/v2/models/%E0%A4%A', {}, 404],
    ['/', {}, 404],
    ['/v2/models/net/infer', {}, 405],
    ['/v2/models/net', { method: 'POST', body: '{}' }, 405],
    ['/v2/health/live', { method: 'DELETE' }, 405],
    ['/v2/models/net/infer', { method: 'POST', body: 'x', headers: { 'content-encoding': 'gzip' } }, 415],
  ];
  for (const [place, init, status] of expected) {
    const answer = await worker.fetch(place, init);
    expect({ place, status: answer.status, error: ((await answer.json()) as { error: string }).error }).toEqual({ place, status, error: expect.any(String) });
  }
});

test.each([
  ['UINT8', Uint8Array.of(0, 200)],
  ['INT32', Int32Array.of(-5, 2 ** 31 - 1)],
  ['BOOL', Uint8Array.of(1, 0)],
  ['DOUBLE', Float64Array.of(0.1, -1e300)],
  ['FLOAT16', Uint16Array.of(0x3c00, 0xc000)],
] as const)('elements of ONNX type %s go there and back', async (type: keyof typeof ONNX_TYPES, data) => {
  const model = onnxModel({ nodes: [{ op: 'Identity', inputs: ['x'], outputs: ['y'] }], inputs: [{ name: 'x', type, shape: ['N'] }], outputs: [{ name: 'y', type, shape: ['N'] }] });
  const other = await workers.start(model);
  const datatype = ({ DOUBLE: 'FP64', FLOAT16: 'FP16' } as Record<string, Tensor['datatype']>)[type] ?? (type as Tensor['datatype']);
  expect(await other.client.infer([{ name: 'x', datatype, shape: [2], data }], patience())).toEqual([{ name: 'y', datatype, shape: [2], data }]);
  if (datatype === 'FP16') return;
  const json = await other.post({ inputs: [{ name: 'x', datatype, shape: [2], data: datatype === 'BOOL' ? [true, false] : Array.from(data) }] });
  expect(await json.json()).toMatchObject({ outputs: [{ datatype, data: datatype === 'BOOL' ? [true, false] : Array.from(data) }] });
});

test('without the native library WebAssembly gives the same answers', async () => {
  const other = await workers.start(MODEL, { library: 'wasm' });
  expect(other.output).toMatch(/is ready .*wasm/);
  const inputs: Tensor[] = [floats('a', [2, 3], [1, 2, 3, 4, 5, 6]), floats('b', [2, 3], [1, 1, 1, 1, 1, 1]), { name: 'n', datatype: 'INT64', shape: [2], data: BigInt64Array.of(1n, 2n) }];
  expect(await other.client.infer(inputs, patience())).toEqual(await worker.client.infer(inputs, patience()));
});
