import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sendAs, type HttpAnswer } from '../testkit/http.js';
import { apiToken, stranger } from '../testkit/actor.js';
import { ADMIN_PASSWORD } from '../testkit/platform.js';
import { IDS, interconnectWorld, PATH, RESOURCES, TEMPLATE, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';

// What holds for every route of 互通: the envelope, the credential, paths, bodies.

let world: InterconnectWorld;
let session: { ticket: string; CSRFPreventionToken: string };
let token: string;
beforeAll(async () => {
  world = await interconnectWorld();
  const answer = await stranger(world.platform).simpleServer('POST', 'ticket', { username: 'admin', password: ADMIN_PASSWORD });
  session = answer.body.data;
  token = await apiToken(world.root);
});
afterAll(() => world?.platform.dispose());

interface RouteCase {
  name: string;
  method: string;
  path: string;
  query?: string;
  body?: unknown;
}

const REGISTER: RouteCase = { name: 'registering identifiers', method: 'POST', path: `/api/v1/${IDS}`, body: { computing_ids: [SAMPLE_IDENTIFIER] } };
const REPORT: RouteCase = { name: 'reporting resources', method: 'POST', path: `/api/v1/${RESOURCES}`, body: { computing_resources: [sampleReport()] } };
const ZONES: RouteCase = { name: 'listing zones', method: 'GET', path: `/api/v1/${RESOURCES}`, query: '?page=1&page_size=10' };
const SUBMIT: RouteCase = { name: 'submitting a template', method: 'POST', path: `/api/v1/${TEMPLATE}`, body: {} };
const CHOOSE: RouteCase = { name: 'choosing a path', method: 'POST', path: `/api/v1/${PATH}`, body: { task_id: 2_147_483_647, computing_resource_id: 1, result: true } };
const ROUTES = [REGISTER, REPORT, ZONES, SUBMIT, CHOOSE];
const POSTS = ROUTES.filter(({ method }) => method === 'POST');
/** What the route answers to somebody who may use it. */
const goodCode = (route: RouteCase) => (route === CHOOSE ? 404 : 0);

const call = ({ method, path, query = '', body }: RouteCase, over: { path?: string; headers?: Record<string, string>; body?: unknown; method?: string } = {}) =>
  sendAs(world.root, { method, body, ...over, path: (over.path ?? path) + query });
const callAs = (credential: Record<string, string>, { method, path, query = '', body }: RouteCase) =>
  sendAs(stranger(world.platform), { method, path: path + query, headers: credential, body });

function expectEnvelope(answer: HttpAnswer, code: number, message?: string | RegExp): void {
  expect(answer.json, answer.text).toEqual({ code, message: expect.any(String), data: code === 0 ? expect.anything() : {} });
  if (message !== undefined) expect(answer.json.message).toMatch(message);
  expect(answer.json.message).not.toBe('');
  expect(answer.text).not.toMatch(/node_modules|\\n\s+at /);
  expect(answer.status).toBe(200);
  expect(answer.headers['content-type']).toMatch(/^application\/json/);
}

describe.each(ROUTES)('$name', (route) => {
  test.each([['/', route.path], ['no slash', route.path.slice(0, -1)]])('answers with %s at the end, and redirects nowhere', { tags: ['interconnect/rules/slash'] }, async (_, path) => {
    expectEnvelope(await call(route, { path }), goodCode(route));
  });

  test.each([
    ['token', (credential: string) => ({ token: credential })],
    ['X-Auth-Token', (credential: string) => ({ 'X-Auth-Token': credential })],
    ['Authorization: Bearer', (credential: string) => ({ Authorization: `Bearer ${credential}` })],
    ['TOKEN, whose case does not matter,', (credential: string) => ({ TOKEN: credential })],
    ['authorization: bearer, whose case does not matter,', (credential: string) => ({ authorization: `bearer ${credential}` })],
    ['all three at once, when they agree,', (credential: string) => ({ token: credential, 'x-auth-token': credential, authorization: `Bearer ${credential}` })],
  ])('takes the credential as %s, a ticket or an API token', { tags: ['interconnect/rules/identity', 'interconnect/0/token'] }, async (_, headers) => {
    for (const credential of [world.root.credential!, token]) expectEnvelope(await callAs(headers(credential), route), goodCode(route));
  });

  test.each([
    ['no credential', {}],
    ['an unknown one', { token: 'never-issued' }],
    ['an empty one', { token: '' }],
    ['one of 10,000 characters', { token: 'x'.repeat(10_000) }],
    ['a cookie', { cookie: 'token=never-issued; ticket=never-issued' }],
    ['another scheme', { authorization: 'Basic YWRtaW46YWRtaW4=' }],
  ])('answers 401 to %s', { tags: ['interconnect/0/no-token', 'interconnect/0/http-200', 'interconnect/0/bad', 'interconnect/0/empty-data'] }, async (_, headers) => {
    expectEnvelope(await callAs(headers, route), 401);
  });

  test('does not take the credential from a cookie or the query', async () => {
    const credential = world.root.credential!;
    expectEnvelope(await callAs({ cookie: `token=${credential}; X-Auth-Token=${credential}` }, route), 401);
    expectEnvelope(await callAs({}, { ...route, query: `${route.query ?? '?'}&token=${credential}` }), 401);
  });

  test('refuses two different credentials', async () => {
    const answer = await callAs({ token: world.root.credential!, 'x-auth-token': world.alice.credential! }, route);
    expect([400, 401]).toContain(answer.json.code);
    expectEnvelope(answer, answer.json.code);
  });

  test('echoes X-Request-Id, and makes one otherwise', { tags: ['interconnect/rules/request-id'] }, async () => {
    const sent = await call(route, { headers: { 'x-request-id': 'trace-7f3a.1' } });
    expect(sent.headers['x-request-id']).toBe('trace-7f3a.1');
    const made = await call(route);
    expect(made.headers['x-request-id']).toMatch(/^[\w.:-]{8,}$/);
    expect((await callAs({}, route)).headers['x-request-id']).toMatch(/./);
  });

  test('checks a CSRF token that is sent, and needs none', async () => {
    const { ticket, CSRFPreventionToken } = session;
    expectEnvelope(await callAs({ token: ticket, CSRFPreventionToken }, route), goodCode(route));
    expectEnvelope(await callAs({ token: ticket, CSRFPreventionToken: 'wrong' }, route), 403);
    expectEnvelope(await callAs({ token: ticket }, route), goodCode(route));
  });

  test.each(['PUT', 'PATCH', 'DELETE', route.method === 'GET' ? 'PROPFIND' : 'PURGE'])('has no %s', async (method) => {
    expectEnvelope(await call(route, { method }), 404);
  });
});

describe.each(POSTS)('the body of $name', (route) => {
  test.each<[string, string | Uint8Array, RegExp]>([
    ['an empty body', '', /./],
    ['half an object', '{"computing_ids": [', /JSON/],
    ['two objects', '{}{}', /JSON/],
    ['a trailing comma', '{"task_id": 1,}', /JSON/],
    ['single quotes', "{'task_id': 1}", /JSON/],
    ['NaN', '{"task_id": NaN, "computing_ids": NaN}', /JSON/],
    ['markup', '<xml/>', /JSON/],
    ['a form', 'task_id=1&result=true', /JSON/],
    ['null', 'null', /object/],
    ['a list', '[]', /object/],
    ['a text', '"x"', /object/],
    ['a number', '7', /object/],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0xfe, 0x22, 0x7d]), /UTF-8/],
    ['an overlong encoding', Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc0, 0x80, 0x22, 0x7d]), /UTF-8/],
    ['U+0000', '{"anything": "a\\u0000b"}', /U\+0000/],
    ['a lone surrogate', '{"anything": "\\ud800"}', /surrogate/],
    ['a lone surrogate in a name', '{"\\udc00": 1}', /surrogate/],
    ['nesting without end', `{"anything":${'['.repeat(50_000)}${']'.repeat(50_000)}}`, /./],
  ])('is refused with 400 when it is %s', { tags: ['interconnect/rules/malformed-body', 'interconnect/rules/utf-8', 'interconnect/rules/unstorable', 'interconnect/rules/no-page', 'interconnect/0/json', 'interconnect/0/bad-input', 'interconnect/0/empty-data'] }, async (_, body, message) => {
    expectEnvelope(await call(route, { body }), 400, message);
  });

  test('over the limit is refused with 413 that names the limit', { tags: ['interconnect/0/too-large'] }, async () => {
    const megabytes = route === REGISTER || route === REPORT ? 16 : 2;
    const answer = await call(route, { body: `{"anything": "${'x'.repeat(megabytes * 1024 * 1024)}"}` });
    expectEnvelope(answer, 413, new RegExp(`${megabytes * 1024 * 1024}|${megabytes} ?MB`));
  });

  test('over the limit once it is inflated is refused as well', async () => {
    const megabytes = route === REGISTER || route === REPORT ? 16 : 2;
    const bomb = gzipSync(`{"anything": "${'x'.repeat(megabytes * 1024 * 1024)}"}`);
    expectEnvelope(await call(route, { body: bomb, headers: { 'content-encoding': 'gzip' } }), 413);
  });

  test('may have fields that nobody knows', { tags: ['interconnect/rules/extra-fields'] }, async () => {
    expectEnvelope(await call(route, { body: { ...(route.body as object), remark: '<b>备注</b>', __proto__x: { deep: [1] } } }), goodCode(route));
  });

  test.each([
    ['Origin: https://evil.example', { origin: 'https://evil.example' }],
    ['Origin: null', { origin: 'null' }],
    ['Sec-Fetch-Site: cross-site', { 'sec-fetch-site': 'cross-site' }],
    ['Sec-Fetch-Site: same-site', { 'sec-fetch-site': 'same-site' }],
  ])('is not taken from a foreign page (%s)', { tags: ['interconnect/rules/foreign-page'] }, async (_, headers) => {
    expectEnvelope(await call(route, { headers }), 403);
  });

  test('is taken from a page of our own', async () => {
    expectEnvelope(await call(route, { headers: { origin: world.platform.legacyUrl, 'sec-fetch-site': 'same-origin' } }), goodCode(route));
  });
});

describe('what is not there', () => {
  test.each(['/api/v1', '/api/v1/', '/api/v1/nothing', '/api/v1/nothing/', '/api/v1/computing_ids/1/', '/api/v1/task_path//', '/api/v1/%00/', '/api/v1/%ff/', '/api/v1/../v1/x/', '/api/v1/Computing_IDs'])(
    '%s is answered with 404 in the envelope',
    { tags: ['interconnect/rules/unknown-path', 'interconnect/rules/envelope', 'interconnect/rules/no-page', 'interconnect/0/not-found'] }, async (path) => {
      expectEnvelope(await sendAs(world.root, { path }), 404);
      expectEnvelope(await sendAs(world.root, { method: 'POST', path, body: {} }), 404);
    },
  );

  test('a method that only the other routes have is answered with 404', async () => {
    for (const path of [REGISTER, SUBMIT, CHOOSE].map((route) => route.path)) expectEnvelope(await sendAs(world.root, { path }), 404);
  });
});

test('a page of another site may read nothing: no answer allows another origin', async () => {
  const { headers } = await call(ZONES, { headers: { origin: 'https://evil.example' } });
  expect(headers['access-control-allow-origin']).toBeUndefined();
});

test('text in the document’s own language travels unescaped', { tags: ['interconnect/rules/unescaped'] }, async () => {
  await world.report(sampleReport());
  const { text } = await call(ZONES);
  expect(text).toContain('中科曙光');
  expect(text).not.toContain(String.raw`\u`);
});
