import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { OipClient, type OipClientOptions } from './oip.client.js';
import { BINARY_TYPE, encodeMessage, JSON_LENGTH_HEADER } from './protocol/tensor.message.js';
import { RuntimeFailure, type Tensor } from './runtime.js';

type Script = (request: IncomingMessage & { path: string; content: Buffer }, response: ServerResponse) => void;

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const x: Tensor = { name: 'x', datatype: 'FP32', shape: [1, 2], data: Float32Array.of(1, 2) };
const y: Tensor = { name: 'y', datatype: 'INT64', shape: [2], data: BigInt64Array.of(2n ** 60n, -1n) };
const forever = new AbortController().signal;

/** A server that does as the script says, and a client of it. */
async function scripted(script: Script, options: Partial<OipClientOptions> = {}): Promise<OipClient> {
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => script(Object.assign(request, { path: request.url!, content: Buffer.concat(chunks) }), response));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = new OipClient({ address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, model: 'a model', ...options });
  closers.push(() => client.close(), () => (server.closeAllConnections(), server.close()));
  return client;
}

const answer = (response: ServerResponse, status: number, content: unknown, headers: Record<string, string> = {}): void => void response.writeHead(status, headers).end(typeof content === 'string' ? content : JSON.stringify(content));

/** The failure of an inference that a script answers. */
async function failureOf(script: Script, options: Partial<OipClientOptions> = {}): Promise<RuntimeFailure> {
  const client = await scripted((request, response) => (request.path === '/v2' ? answer(response, 200, { extensions: [] }) : script(request, response)), options);
  const failure: unknown = await client.infer([x], forever).then(() => expect.fail('it was answered'), (error: unknown) => error);
  expect(failure).toBeInstanceOf(RuntimeFailure);
  return failure as RuntimeFailure;
}

test('a server that has no binary data is spoken to in JSON', async () => {
  const client = await scripted(({ path, headers, content }, response) => {
    if (path === '/v2') return answer(response, 200, { name: 'kserve', version: '1' });
    expect({ path, type: headers['content-type'], authorization: headers.authorization }).toEqual({ path: '/v2/models/a%20model/infer', type: 'application/json', authorization: 'Bearer secret' });
    expect(JSON.parse(content.toString())).toEqual({ inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], data: [1, 2] }] });
    answer(response, 200, { model_name: 'a model', outputs: [{ name: 'y', datatype: 'FP64', shape: [1, 2], data: [[0.1, 0.2]] }] });
  }, { token: 'secret' });
  expect(await client.infer([x], forever)).toEqual([{ name: 'y', datatype: 'FP64', shape: [1, 2], data: Float64Array.of(0.1, 0.2) }]);
  await expect(client.infer([{ ...x, datatype: 'FP16', data: Uint16Array.of(0, 1) }], forever)).rejects.toMatchObject({ fault: 'REFUSED', message: expect.stringContaining('takes JSON alone') });
});

test('a server that is too busy to tell what it can is asked again', async () => {
  let asked = 0;
  const types: (string | undefined)[] = [];
  const client = await scripted(({ path, headers }, response) => {
    if (path === '/v2') return ++asked === 1 ? answer(response, 503, {}) : answer(response, 200, { extensions: ['binary_tensor_data'] });
    types.push(headers['content-type']);
    answer(response, 200, { outputs: [] });
  });
  await expect(client.infer([x], forever)).rejects.toMatchObject({ fault: 'BUSY' });
  expect(await client.infer([x], forever)).toEqual([]);
  expect(types).toEqual([BINARY_TYPE]);
});

test('a server that has binary data is sent it, and asked for it', async () => {
  const client = await scripted(({ path, headers, content }, response) => {
    if (path === '/v2') return answer(response, 200, { name: 'triton', extensions: ['classification', 'binary_tensor_data'] });
    expect(headers['content-type']).toBe(BINARY_TYPE);
    const length = Number(headers[JSON_LENGTH_HEADER]);
    expect(JSON.parse(content.subarray(0, length).toString())).toEqual({ parameters: { binary_data_output: true }, inputs: [{ name: 'x', datatype: 'FP32', shape: [1, 2], parameters: { binary_data_size: 8 } }] });
    expect(content.subarray(length)).toEqual(Buffer.from(Float32Array.of(1, 2).buffer));
    const message = encodeMessage({ model_name: 'a model' }, 'outputs', [y], () => true);
    response.writeHead(200, message.headers).end(message.body);
  });
  expect(await client.infer([x], forever)).toEqual([y]);
});

test('metadata and statistics of Triton are understood', async () => {
  const client = await scripted(({ path }, response) => {
    if (path.endsWith('/stats')) return answer(response, 200, { model_stats: [{ execution_count: 2, inference_stats: { success: { count: 4, ns: 8_000_000 }, fail: { count: 1, ns: 5 } } }] });
    answer(response, 200, { name: 'a model', versions: ['1'], platform: 'onnxruntime_onnx', inputs: [{ name: 'x', datatype: 'FP32', shape: ['-1', '2'] }], outputs: [{ name: 'y', datatype: 'BYTES', shape: [-1] }] });
  });
  expect(await client.metadata(forever)).toEqual({ name: 'a model', platform: 'onnxruntime_onnx', inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 2] }], outputs: [{ name: 'y', datatype: 'BYTES', shape: [-1] }] });
  expect(await client.statistics(forever)).toEqual({ succeeded: 4, failed: 1, rejected: null, executions: 2, queueLength: null, latencyMs: { mean: 2, p50: null, p95: null, p99: null } });
});

test('a server without statistics has none', async () => {
  const client = await scripted((_, response) => answer(response, 404, 'not here'));
  expect(await client.statistics(forever)).toBeNull();
  expect(await client.ready(forever)).toBe(false);
});

test.each([
  ['is busy', 429, { error: 'too many\n requests' }, { fault: 'BUSY', message: 'too many requests', retryAfterSeconds: 7 }],
  ['is starting', 503, '', { fault: 'BUSY', retryAfterSeconds: 7 }],
  ['refuses the input', 400, { error: 'unexpected shape for input x' }, { fault: 'REFUSED', message: 'unexpected shape for input x' }],
  ['refuses its size', 413, '<html>', { fault: 'REFUSED', message: expect.stringContaining('413') }],
  ['refuses the credential', 401, { error: 'token secret is wrong' }, { fault: 'FAILED', message: expect.not.stringContaining('secret') }],
  ['does not know the model', 404, { error: 'unknown model' }, { fault: 'FAILED', message: expect.stringContaining('unknown model') }],
  ['fails', 500, { error: 'out of memory' }, { fault: 'FAILED', message: expect.stringContaining('out of memory') }],
  ['sends elsewhere', 302, '', { fault: 'FAILED', message: expect.stringContaining('302') }],
])('a server that %s', async (_, status, content, expected) => {
  expect(await failureOf((__, response) => answer(response, status, content, { 'retry-after': '7', location: 'http://127.0.0.1:1/' }))).toMatchObject({ retryAfterSeconds: null, ...expected });
});

test.each([
  ['no JSON', 'hello'],
  ['an empty body', ''],
  ['a list', []],
  ['no outputs', { model_name: 'a model' }],
  ['outputs that are none', { outputs: [null] }],
  ['a type that is not spoken', { outputs: [{ name: 'y', datatype: 'BYTES', shape: [1], data: ['a'] }] }],
  ['elements that are no numbers', { outputs: [{ name: 'y', datatype: 'FP32', shape: [2], data: [1, null] }] }],
  ['fewer elements than its shape says', { outputs: [{ name: 'y', datatype: 'FP32', shape: [3], data: [1, 2] }] }],
  ['a shape beyond all memory', { outputs: [{ name: 'y', datatype: 'FP32', shape: [1e15, 1e15], data: [] }] }],
  ['binary data without any', { outputs: [{ name: 'y', datatype: 'FP32', shape: [2], parameters: { binary_data_size: 8 } }] }],
])('a server that answers %s has failed', async (_, content) => {
  expect(await failureOf((__, response) => answer(response, 200, content))).toMatchObject({ fault: 'FAILED', message: expect.stringContaining('not of the Open Inference Protocol') });
});

test('a server that hangs up, cuts its answer off or speaks no HTTP is told apart from one that refuses', async () => {
  expect(await failureOf((_, response) => response.socket!.destroy())).toMatchObject({ fault: 'GONE' });
  expect(await failureOf((_, response) => (response.writeHead(200, { 'content-length': '1000' }).write('{"outputs":'), setImmediate(() => response.socket!.destroy())))).toMatchObject({ fault: 'GONE' });
  expect(await failureOf((_, response) => response.socket!.end('220 mail.example.org ESMTP\r\n\r\n'))).toMatchObject({ fault: 'FAILED' });
  expect(await failureOf((_, response) => answer(response, 200, 'x'.repeat(10_000)), { answerBytes: 1_000 })).toMatchObject({ fault: 'FAILED', message: 'the answer of the inference server is too large' });
});

test('a server that never answers is given up', async () => {
  expect(await failureOf(() => undefined, { patienceMs: 500 })).toMatchObject({ fault: 'GONE', message: 'the inference server has not answered within 0.5 s' });
  expect(await failureOf((_, response) => response.writeHead(200).write('{'), { patienceMs: 500 })).toMatchObject({ fault: 'GONE' });
});

test('whoever gives up hears the reason it gave', async () => {
  const asked = Promise.withResolvers<void>();
  const client = await scripted(() => asked.resolve());
  const giving = new AbortController();
  const pending = client.infer([x], giving.signal);
  await asked.promise;
  giving.abort(new Error('the caller left'));
  await expect(pending).rejects.toThrow('the caller left');
  await expect(client.ready(giving.signal)).rejects.toThrow('the caller left');
});

test('where nobody listens nothing is ready', async () => {
  const client = new OipClient({ address: 'http://127.0.0.1:1', model: 'm' });
  closers.push(() => client.close());
  expect(await client.ready(forever)).toBe(false);
  await expect(client.infer([x], forever)).rejects.toMatchObject({ fault: 'GONE' });
});
