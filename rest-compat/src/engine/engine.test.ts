import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failing } from '../testkit/fake.graph.js';
import { RestServer, type RestAnswer } from '../testkit/rest.server.js';
import { machinePage, sampleMachine } from '../testkit/samples.js';

let rest: RestServer;
beforeAll(async () => { rest = await RestServer.start({ ownOrigins: ['https://own.example'] }); });
afterAll(() => rest[Symbol.asyncDispose]());
beforeEach(() => {
  rest.graph.requests.length = 0;
  rest.logged.length = 0;
  rest.graph.instead = undefined;
  rest.graph.fields = {
    registerComputingIdentifiers: () => ({ count: 1 }),
    submitTask: () => ({ id: '7', offers: { totalCount: 0, nodes: [] } }),
    machines: () => machinePage([sampleMachine]),
  };
});

const IDS = '/api/v1/computing_ids/';
const TEMPLATE = '/api/v1/query_computing_resources_by_task_template/';
const ids = { computing_ids: ['a'] };

function expectRefused(answer: RestAnswer, code: number, message: string | RegExp): void {
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(answer.json).toEqual({ code, message: typeof message === 'string' ? message : expect.stringMatching(message), data: {} });
  expect(rest.graph.requests).toHaveLength(0);
}

describe('paths and methods', () => {
  it('answers with and without a trailing slash, and with percent signs, without a redirect', async () => {
    for (const path of ['/api/status', '/api/status/', '/api/%73tatus', '/api/status?x', 'http://elsewhere/api/status/']) {
      expect((await rest.get(path)).text).toBe('{"code":200,"message":"OK"}');
    }
  });

  it.each(['/api/v1', '/api/v1/', '/api/v1/nowhere', '/api/v1/computing_ids//', '/api/v1/%ff', '/api/v1/../status'])('answers %s in the envelope of 互通', async (path) => {
    expectRefused(await rest.get(path), 404, /^There is nothing at /);
  });

  it.each(['/api', '/api/', '/api/nowhere', '/api/v10/x', '/api//v1/computing_ids'])('answers %s in the envelope of SimpleServerAPI', async (path) => {
    const { status, json } = await rest.get(path);
    expect([status, json]).toEqual([404, { detail: expect.stringMatching(/^There is nothing at /) }]);
  });

  it('leaves other paths to whatever comes next', async () => {
    for (const path of ['/', '/apix', '/graphql', '/API/status']) expect((await rest.get(path)).text).toBe(`nothing legacy at ${path}`);
  });

  it('names the methods that a path does have', async () => {
    const put = await rest.send({ method: 'PUT', path: '/api/v1/computing_resources/' });
    expectRefused(put, 404, /^PUT is not allowed here/);
    expect(put.headers.allow).toBe('POST, GET, HEAD, OPTIONS');
    const del = await rest.send({ method: 'DELETE', path: '/api/ticket' });
    expect([del.status, del.headers.allow, typeof del.json.detail]).toEqual([405, 'POST, OPTIONS', 'string']);
  });

  it('answers OPTIONS with the methods and lets no foreign page in', async () => {
    const { status, headers, text } = await rest.send({ method: 'OPTIONS', path: IDS, headers: { origin: 'https://evil.example' } });
    expect([status, headers.allow, text, headers['access-control-allow-origin']]).toEqual([204, 'POST, OPTIONS', '', undefined]);
  });

  it('answers HEAD with the headers of GET alone', async () => {
    const get = await rest.get('/api/info');
    const head = await rest.send({ method: 'HEAD', path: '/api/info', headers: { token: 'x' } });
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(Buffer.byteLength(get.text))]);
  });
});

describe('request ids', () => {
  it('echoes a sound one, in failures too', async () => {
    expect((await rest.get('/api/status', { 'x-request-id': 'a-1' })).headers['x-request-id']).toBe('a-1');
    expect((await rest.get('/api/v1/nowhere', { 'x-request-id': 'a-2' })).headers['x-request-id']).toBe('a-2');
  });

  it('makes one in place of none, of a long one and of one with strange characters', async () => {
    for (const sent of [undefined, 'x'.repeat(129), 'a b', '<script>']) {
      const { headers } = await rest.get('/api/status', sent === undefined ? {} : { 'x-request-id': sent });
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }
  });

  it('uses the one that an earlier middleware has made', async () => {
    await using behind = await RestServer.start({}, (_request, response, next) => {
      response.locals['requestId'] = 'made-before';
      response.setHeader('X-Request-Id', 'made-before');
      next();
    });
    behind.graph.fields['machines'] = () => machinePage([]);
    const { headers } = await behind.get('/api/info', { token: 't', 'x-request-id': 'sent' });
    expect(headers['x-request-id']).toBe('made-before');
    expect(behind.graph.requests[0]?.caller.requestId).toBe('made-before');
  });
});

describe('credentials', () => {
  const found: Record<string, string>[] = [
    { authorization: 'Bearer abc' }, { authorization: 'bearer   abc' }, { 'x-auth-token': 'abc' }, { token: 'abc' },
    { token: 'abc', authorization: 'Bearer abc' }, { token: 'abc', authorization: 'Basic eDp5' },
  ];
  it.each(found)('are found in %j', async (headers) => {
    await rest.get('/api/info', headers);
    expect(rest.graph.requests[0]?.caller).toEqual({ credential: 'abc', address: expect.stringContaining('127.0.0.1'), requestId: expect.any(String) });
  });

  it('are handed on with the CSRF token that comes along', async () => {
    await rest.get('/api/info', { token: 'abc', CSRFPreventionToken: 'c' });
    expect(rest.graph.requests[0]?.caller.csrfToken).toBe('c');
  });

  it('are refused when two differ', async () => {
    expectRefused(await rest.post(IDS, ids, { token: 'a', 'x-auth-token': 'b' }), 400, /different credentials/);
  });

  const none: Record<string, string>[] = [{}, { token: '' }, { token: '  ' }, { authorization: 'Bearer ' }, { authorization: 'Basic eDp5' }];
  it.each(none)('are missing in %j', async (headers) => {
    expectRefused(await rest.send({ method: 'POST', path: IDS, headers, body: '{}' }), 401, /ticket or an API token/);
  });
});

describe('pages of other sites', () => {
  const foreign: Record<string, string>[] = [
    { origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' },
    { origin: 'http://127.0.0.1:1', 'sec-fetch-site': 'same-site' }, { 'sec-fetch-site': 'made-up' },
  ];
  it.each(foreign)('may not send a mutating request: %j', async (headers) => {
    expectRefused(await rest.post(IDS, ids, headers), 403, /another site/);
  });

  it('may be our own', async () => {
    const own = { origin: `http://127.0.0.1:${rest.port}` };
    for (const headers of [own, { ...own, 'sec-fetch-site': 'same-origin' }, { 'sec-fetch-site': 'none' }, { origin: 'https://own.example', 'sec-fetch-site': 'cross-site' }]) {
      expect((await rest.post(IDS, ids, headers)).json.code).toBe(0);
    }
  });

  it('answers the refusal of a login in its own envelope', async () => {
    const { status, json } = await rest.post('/api/ticket', { username: 'u', password: 'p' }, { origin: 'https://evil.example' });
    expect([status, json]).toEqual([403, { detail: expect.any(String) }]);
  });
});

describe('bodies', () => {
  it.each([
    ['', 'body: expected a JSON object, got an empty body'],
    ['[]', 'body: expected a JSON object, got a list'],
    ['"x"', 'body: expected a JSON object, got "x"'],
    ['null', 'body: expected a JSON object, got null'],
    ['{', /^body: not valid JSON: /],
    ['{"a": NaN}', /^body: not valid JSON: /],
    ['<b>', /^body: not valid JSON: /],
    ['{"a":{"b c":[0,1e999]}}', 'a["b c"][1]: the number is too large'],
    ['{"computing_ids":["a","b\\u0000"]}', 'computing_ids[1]: U+0000 cannot be stored'],
    ['{"x":{"\\u0000":1}}', 'x["\\u0000"]: U+0000 cannot be stored'],
    ['{"computing_ids":["\\ud83d"]}', 'computing_ids[0]: a lone surrogate is not valid Unicode'],
    [`{"a":${'['.repeat(200_000)}${']'.repeat(200_000)}}`, /^a\[0\].*: nested deeper than 100 levels$/],
    [Buffer.from('7b22636f6d707574696e675f696473223a5b2261222c22ff225d7d', 'hex'), 'computing_ids[1]: not valid UTF-8'],
    [Buffer.from('7b22ff', 'hex'), 'body: not valid UTF-8'],
  ])('are refused with the fault named: %s', async (body, message) => {
    expectRefused(await rest.post(IDS, body), 400, message);
  });

  it.each([
    ['with emoji as escapes', '{"computing_ids":["\\ud83d\\ude80"]}'],
    ['with a byte order mark', '\uFEFF{"computing_ids":["🚀"]}'],
    ['with fields that nobody knows', '{"computing_ids":["🚀"],"__proto__":{"computing_ids":5},"constructor":1,"more":[{}]}'],
  ])('are taken %s', async (_what, body) => {
    expect((await rest.post(IDS, body)).json.code).toBe(0);
    expect(rest.graph.variables).toEqual({ input: { values: ['🚀'] } });
  });

  it.each(['application/json', 'application/json; charset=utf-8', 'Application/JSON;charset="UTF-8"', 'application/vnd.api+json', ''])('are taken as %j', async (type) => {
    expect((await rest.post(IDS, ids, { 'content-type': type })).json.code).toBe(0);
  });

  it.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/json; charset=gbk', 'application/jsonx'])('are refused as %s', async (type) => {
    expectRefused(await rest.post(IDS, ids, { 'content-type': type }), 400, /^Content-Type: expected /);
  });

  it('are inflated', async () => {
    expect((await rest.post(IDS, gzipSync(JSON.stringify(ids)), { 'content-encoding': 'gzip' })).json.code).toBe(0);
    expect(rest.graph.variables).toEqual({ input: { values: ['a'] } });
  });

  it('are refused when their compression is broken or unknown', async () => {
    expectRefused(await rest.post(IDS, 'not gzip', { 'content-encoding': 'gzip' }), 400, 'body: not valid gzip');
    expectRefused(await rest.post(IDS, ids, { 'content-encoding': 'rot13' }), 400, /^Content-Encoding: /);
    expectRefused(await rest.post(IDS, ids, { 'content-encoding': 'constructor' }), 400, /^Content-Encoding: /);
  });

  it('are limited to 2 MB, on the bulk routes to 16 MB, after inflation', async () => {
    const padded = (bytes: number) => Buffer.from(`{"x":"${'x'.repeat(bytes - 8)}"}`);
    const [small, large] = [2 * 1024 * 1024, 16 * 1024 * 1024];
    expectRefused(await rest.post(IDS, padded(large)), 400, /^computing_ids: /);
    expectRefused(await rest.post(TEMPLATE, padded(small + 1)), 413, `body: at most ${small} bytes are taken here`);
    expectRefused(await rest.post(IDS, padded(large + 1)), 413, `body: at most ${large} bytes are taken here`);
    expectRefused(await rest.post(TEMPLATE, gzipSync(padded(small + 1)), { 'content-encoding': 'gzip' }), 413, /^body: at most/);
    expectRefused(await rest.post(IDS, gzipSync(padded(large + 1)), { 'content-encoding': 'gzip' }), 413, /^body: at most/);
    expect((await rest.post(TEMPLATE, padded(small))).json.code).toBe(0);
  });

  it('are refused while an endless one is still being sent', async () => {
    const request = httpRequest({ host: '127.0.0.1', port: rest.port, method: 'POST', path: TEMPLATE, headers: { token: 'x', 'transfer-encoding': 'chunked' } });
    request.on('error', () => undefined);
    let answered = false;
    const answer = once(request, 'response').then(([response]) => { answered = true; return response; });
    while (!answered) {
      if (!request.write(Buffer.alloc(256 * 1024, 0x20))) await Promise.race([once(request, 'drain'), answer]);
      await new Promise(setImmediate);
    }
    const chunks = await (await answer).toArray();
    expect(JSON.parse(Buffer.concat(chunks).toString())).toMatchObject({ code: 413 });
    request.destroy();
  });

  it('that break off reach no operation', async () => {
    const request = httpRequest({ host: '127.0.0.1', port: rest.port, method: 'POST', path: IDS, headers: { token: 'x', 'content-length': '100' } });
    request.on('error', () => undefined);
    request.write('{"computing_ids":["a"]}');
    await once(rest.server, 'request');
    request.destroy();
    expect((await rest.get('/api/status')).status).toBe(200);
    expect(rest.graph.requests).toHaveLength(0);
    expect(rest.logged).toEqual([]);
  });
});

describe('a graph in trouble', () => {
  it('is logged and masked when it breaks, answers nothing, or answers a code without a number', { tags: ['interconnect/0/our-fault'] }, async () => {
    const troubles: (typeof rest.graph.instead)[] = [
      () => Promise.reject(new Error('secret detail')),
      () => Promise.resolve({ data: null }),
      () => Promise.resolve({ errors: [{ message: 'secret detail', extensions: { code: 'constructor' } }] }),
      () => Promise.resolve({ errors: [{ message: 'secret detail' }] }),
      () => Promise.resolve({ errors: [{ message: 'secret detail', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] }),
      () => Promise.resolve({ data: { registerComputingIdentifiers: null, submitTask: null } }),
    ];
    for (const trouble of troubles) {
      rest.logged.length = 0;
      rest.graph.instead = trouble;
      expect((await rest.post(TEMPLATE, {})).json).toEqual({ code: 500, message: 'Internal Server Error', data: {} });
      expect(rest.logged).toHaveLength(1);
    }
  });

  it('is given up after the time limit, and told so', async () => {
    await using slow = await RestServer.start({ requestTimeoutMs: 50 });
    let aborted: unknown;
    slow.graph.instead = ({ signal }) => new Promise(() => signal.addEventListener('abort', () => { aborted = signal.reason; }));
    expect((await slow.post(IDS, ids)).json).toMatchObject({ code: 500, message: 'The request did not finish within 0.05 s' });
    expect((await slow.get('/api/info')).status).toBe(504);
    expect(aborted).toBeDefined();
  });

  it('is told when the caller has gone', async () => {
    const aborted = new Promise<void>((resolve) => {
      rest.graph.instead = ({ signal }) => new Promise(() => signal.addEventListener('abort', () => resolve()));
    });
    const request = httpRequest({ host: '127.0.0.1', port: rest.port, path: '/api/info', headers: { token: 'x' } });
    request.on('error', () => undefined).end();
    await once(rest.server, 'request');
    request.destroy();
    await aborted;
  });

  it('may not answer a read with more than the limit', async () => {
    await using small = await RestServer.start({ answerLimitBytes: 100 });
    small.graph.fields['machines'] = () => machinePage([sampleMachine]);
    const { status, json } = await small.get('/api/info');
    expect([status, json]).toEqual([413, { detail: 'The answer is larger than 100 bytes; ask for less at once' }]);
  });

  it('may tell when to come back', { tags: ['interconnect/0/too-many'] }, async () => {
    rest.graph.fields['submitTask'] = failing('slow down', { code: 'TOO_MANY_LOGINS', retryAfterSeconds: 3 });
    const { json, headers } = await rest.post(TEMPLATE, {});
    expect([json.code, headers['retry-after']]).toEqual([429, '3']);
  });
});
