import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, apiToken, stranger, type Actor } from '../testkit/actor.js';
import { sendAs, type HttpAnswer } from '../testkit/http.js';
import { ADMIN_PASSWORD, startPlatform, type Platform } from '../testkit/platform.js';

// Each rule of SimpleServerAPI.

const HOUR_MS = 3_600_000;

let platform: Platform;
let root: Actor;
let alice: Actor;
let bob: Actor;
beforeAll(async () => {
  // Few tries, so that a guesser is soon stopped; the other cases each guess as somebody else.
  platform = await startPlatform({ environment: { LOGIN_FAILURES_PER_USER_AND_ADDRESS: '4' } });
  root = await admin(platform);
  alice = await actor(root, 'alice');
  bob = await actor(root, 'bob');
});
afterAll(() => platform?.dispose());

const SAVE = 'mutation ($input: SaveMachinesInput!) { saveMachines(input: $input) { id } }';
const GRANT = 'mutation ($input: GrantMachineInput!) { grantMachine(input: $input) { id } }';
const machine = (over: Record<string, unknown> = {}) => ({
  id: '100', cpus: 32, status: 'RUNNING', memoryBytes: 11_591_667_560, gpu: 'NVIDIA RTX4090', ip: '192.168.1.100', name: 'Aimlab001', maxDiskBytes: 128_849_018_880, ...over,
});
const grant = (input: Record<string, unknown>) => root.ask(GRANT, { input });

const anybody = () => stranger(platform);
const get = (path: string, headers: Record<string, string> = {}) => sendAs(anybody(), { path, headers });
const post = (body: unknown, headers: Record<string, string> = {}) => sendAs(anybody(), { method: 'POST', path: '/api/ticket', body, headers });

function expectDetail({ status, json, headers, text }: HttpAnswer, expected: number, detail?: string | RegExp): void {
  expect(json, text).toEqual({ detail: expect.any(String) });
  if (typeof detail === 'string') expect(json.detail).toBe(detail);
  else if (detail) expect(json.detail).toMatch(detail);
  expect(json.detail).not.toBe('');
  expect(status).toBe(expected);
  expect(headers['content-type']).toMatch(/^application\/json/);
}

describe('GET /api/status', () => {
  test.each(['/api/status', '/api/status/', '/api/status?x=1'])('at %s answers exactly what the document says, to anybody', { tags: ['simple-server/status/ok', 'simple-server/status/anybody', 'simple-server/rules/slash'] }, async (path) => {
    const answer = await get(path);
    expect([answer.status, answer.text]).toEqual([200, '{"code":200,"message":"OK"}']);
  });

  test('does not look at a credential', async () => {
    expect((await get('/api/status', { 'x-auth-token': 'never-issued' })).status).toBe(200);
  });
});

describe('POST /api/ticket', () => {
  test.each(['/api/ticket', '/api/ticket/'])('at %s answers a session of two hours', { tags: ['simple-server/ticket/CSRFPreventionToken', 'simple-server/ticket/ticket', 'simple-server/ticket/username', 'simple-server/ticket/expires_at', 'simple-server/ticket/two-hours', 'simple-server/rules/slash'] }, async (path) => {
    const before = Date.now();
    const { status, json } = await sendAs(anybody(), { method: 'POST', path, body: { username: 'admin', password: ADMIN_PASSWORD } });
    expect(status).toBe(200);
    expect(json).toEqual({ data: { CSRFPreventionToken: expect.stringMatching(/^\S{16,}$/), ticket: expect.stringMatching(/^\S{16,}$/), username: 'admin', expires_at: expect.any(String) } });
    const expires = Date.parse(json.data.expires_at as string);
    expect(expires).toBeGreaterThanOrEqual(before + 2 * HOUR_MS);
    expect(expires).toBeLessThanOrEqual(Date.now() + 2 * HOUR_MS);
  });

  test('gives each log-in a session of its own, and all of them work', { tags: ['simple-server/ticket/many'] }, async () => {
    const answers = [await post({ username: 'admin', password: ADMIN_PASSWORD }), await post({ username: 'admin', password: ADMIN_PASSWORD })];
    const tickets = answers.map(({ json }) => json.data.ticket as string);
    expect(new Set(tickets).size).toBe(2);
    for (const ticket of tickets) expect((await get('/api/info', { 'x-auth-token': ticket })).status).toBe(200);
  });

  test.each([
    ['a wrong password', { username: 'carol', password: 'wrong' }],
    ['an unknown user', { username: 'dave', password: 'wrong' }],
    ['SQL', { username: "' or 1=1 --", password: "' or 1=1 --" }],
    ['a password of 10,000 characters', { username: 'nobody', password: 'x'.repeat(10_000) }],
    ['a username of 10,000 characters', { username: 'x'.repeat(10_000), password: 'x' }],
  ])('answers %s with HTTP 401 and empty data', { tags: ['simple-server/ticket/wrong'] }, async (_, body) => {
    const answer = await post(body);
    expect([answer.status, answer.text]).toEqual([401, '{"data":""}']);
  });

  test.each([{}, { username: 'admin' }, { password: 'x' }, { username: 'admin', password: '' }, { username: '', password: 'x' }, { username: null, password: 'x' }])(
    'answers HTTP 400 when a field is missing: %j',
    { tags: ['simple-server/ticket/missing'] }, async (body) => {
      expectDetail(await post(body), 400, 'Invalid request: missing username or password');
    },
  );

  test.each([[{ username: 5, password: 'x' }], [{ username: 'admin', password: ['x'] }], [{ username: {}, password: true }], [{ username: 'a\u0000', password: 'x' }], [{ username: 'a', password: '\ud800' }]])(
    'answers HTTP 400 to fields of a wrong kind: %j',
    { tags: ['simple-server/rules/unstorable'] }, async (body) => {
      expectDetail(await post(body), 400);
    },
  );

  test.each<[string, string | Uint8Array]>([
    ['an empty body', ''], ['half an object', '{"username":'], ['a list', '[]'], ['a text', '"admin"'], ['null', 'null'], ['markup', '<a/>'], ['broken UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('answers HTTP 400 to %s', { tags: ['simple-server/rules/malformed-body', 'simple-server/rules/utf-8'] }, async (_, body) => {
    expectDetail(await post(body), 400);
  });

  test('answers HTTP 413 to a body over the limit', async () => {
    expectDetail(await post({ username: 'x'.repeat(2 * 1024 * 1024), password: 'x' }), 413);
  });

  test.each<Record<string, string>>([{ origin: 'https://evil.example' }, { origin: 'null' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }])('answers HTTP 403 to a foreign page: %j', { tags: ['simple-server/rules/foreign-page'] }, async (headers) => {
    expectDetail(await post({ username: 'admin', password: ADMIN_PASSWORD }, headers), 403);
  });

  test('is not hindered by an expired ticket that is sent along', async () => {
    expect((await post({ username: 'admin', password: ADMIN_PASSWORD }, { 'x-auth-token': 'expired' })).status).toBe(200);
  });

  test('ignores fields that nobody knows', { tags: ['simple-server/rules/extra-fields'] }, async () => {
    expect((await post({ username: 'admin', password: ADMIN_PASSWORD, remark: '<b>备注</b>', realm: { pam: [1] } })).status).toBe(200);
  });

  test('takes passwords with any text in them', { tags: ['simple-server/rules/text'] }, async () => {
    const password = 'пароль 密码 🔑 " \\ \u202E';
    await root.ask('mutation ($input: CreateUserInput!) { createUser(input: $input) { id } }', { input: { username: '用户 🚀', password } });
    const { status, json } = await post({ username: '用户 🚀', password });
    expect([status, json.data.username]).toEqual([200, '用户 🚀']);
  });

  test('answers too many wrong tries with HTTP 429 and when to come back, and leaves others alone', { tags: ['simple-server/ticket/too-many'] }, async () => {
    let answer = await post({ username: 'mallory', password: 'guess' });
    for (let tries = 1; answer.status === 401 && tries < 50; tries++) answer = await post({ username: 'mallory', password: `guess ${tries}` });
    expectDetail(answer, 429);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(HOUR_MS / 1_000);
    expect((await post({ username: 'admin', password: ADMIN_PASSWORD })).status).toBe(200);
  });
});

describe('GET /api/info', () => {
  beforeAll(async () => {
    await root.ask(SAVE, {
      input: {
        machines: [
          machine({ attributes: { rack: 'A3', '备注': "<b>x</b> '; drop table 🚀", nested: { list: [1, 2.5, null] } } }),
          machine({ id: '200', status: 'STOPPED', name: null, maxDiskBytes: null, gpu: '', ip: '192.168.1.200', memoryBytes: 2 ** 53 - 1 }),
          machine({ id: '0', cpus: 0, memoryBytes: 0 }),
          machine({ id: '2147483647' }),
        ],
      },
    });
    await grant({ machineId: '100', userId: alice.userId });
    await grant({ machineId: '200', everyone: true });
  });

  const infoOf = async (user: Actor) => {
    const { status, body } = await user.simpleServer('GET', 'info');
    expect(status).toBe(200);
    expect(Object.keys(body)).toEqual(['data']);
    return body.data as Record<string, unknown>[];
  };

  test('shows an admin all machines, in the order of their ids, as the document writes them', { tags: ['simple-server/info/admin', 'simple-server/info/id', 'simple-server/info/cpus', 'simple-server/info/status', 'simple-server/info/mem', 'simple-server/info/GPU', 'simple-server/info/ip', 'simple-server/info/name', 'simple-server/info/maxdisk', 'simple-server/info/others', 'simple-server/rules/id', 'simple-server/rules/int', 'simple-server/rules/bytes', 'simple-server/rules/text'] }, async () => {
    const data = await infoOf(root);
    expect(data.map(({ id }) => id)).toEqual([0, 100, 200, 2_147_483_647]);
    expect(data[1]).toEqual({
      id: 100, cpus: 32, status: 'running', mem: 11_591_667_560, GPU: 'NVIDIA RTX4090', ip: '192.168.1.100', name: 'Aimlab001', maxdisk: 128_849_018_880,
      rack: 'A3', '备注': "<b>x</b> '; drop table 🚀", nested: { list: [1, 2.5, null] },
    });
    expect(data[2]).toEqual({ id: 200, cpus: 32, status: 'stopped', mem: 2 ** 53 - 1, GPU: '', ip: '192.168.1.200' });
  });

  test('writes the document’s own language unescaped', { tags: ['simple-server/rules/unescaped'] }, async () => {
    const { text } = await get('/api/info', { 'x-auth-token': root.credential! });
    expect(text).toContain('"备注":');
    expect(text).not.toContain(String.raw`\u`);
  });

  test('shows a user what is granted to them or to everyone, and follows every change at once', { tags: ['simple-server/info/granted'] }, async () => {
    const seen = async (user: Actor) => (await infoOf(user)).map(({ id }) => id);
    expect(await seen(alice)).toEqual([100, 200]);
    expect(await seen(bob)).toEqual([200]);
    await grant({ machineId: '0', userId: bob.userId });
    expect(await seen(bob)).toEqual([0, 200]);
    await grant({ machineId: '0', userId: bob.userId, revoke: true });
    expect(await seen(bob)).toEqual([200]);
    await root.ask(SAVE, { input: { machines: [machine({ id: '200', gpu: 'NVIDIA H100', ip: '192.168.1.200' })] } });
    expect((await infoOf(bob))[0]).toMatchObject({ id: 200, GPU: 'NVIDIA H100', status: 'running' });
  });

  test('shows all machines however many there are', { tags: ['simple-server/info/admin'] }, async () => {
    await root.ask(SAVE, { input: { machines: Array.from({ length: 1_000 }, (_, n) => machine({ id: String(10_000 + n) })) } });
    await root.ask(SAVE, { input: { machines: [machine({ id: '20000' })] } });
    expect((await infoOf(root)).filter(({ id }) => (id as number) >= 10_000 && id !== 2_147_483_647)).toHaveLength(1_001);
  });

  test.each(['/api/info', '/api/info/', '/api/info?page=0&anything=%ff'])('answers at %s', { tags: ['simple-server/info/route', 'simple-server/rules/slash'] }, async (path) => {
    expect((await get(path, { 'X-Auth-Token': root.credential! })).status).toBe(200);
  });

  test.each([
    ['X-Auth-Token', (credential: string) => ({ 'X-Auth-Token': credential })],
    ['token', (credential: string) => ({ token: credential })],
    ['Authorization: Bearer', (credential: string) => ({ Authorization: `Bearer ${credential}` })],
  ])('takes the credential as %s, a ticket or an API token', { tags: ['simple-server/rules/identity'] }, async (_, headers) => {
    for (const credential of [root.credential!, await apiToken(root)]) expect((await get('/api/info', headers(credential))).status).toBe(200);
  });

  test('answers HTTP 422 when no credential is sent', { tags: ['simple-server/info/no-header', 'simple-server/info/no-cookie'] }, async () => {
    expectDetail(await get('/api/info'), 422);
    expectDetail(await get('/api/info', { cookie: `ticket=${root.credential}` }), 422);
    expectDetail(await get(`/api/info?token=${root.credential}`), 422);
  });

  test.each(['never-issued', 'x'.repeat(8_000), 'null', "' or 1=1 --"])('answers HTTP 401 to a credential that is none: %.20s', { tags: ['simple-server/info/bad-ticket'] }, async (credential) => {
    expectDetail(await get('/api/info', { 'x-auth-token': credential }), 401, 'Invalid or expired token');
  });

  test('answers HTTP 401 to a ticket that has expired', { tags: ['simple-server/info/bad-ticket'] }, async () => {
    const { ticket } = (await post({ username: 'admin', password: ADMIN_PASSWORD })).json.data;
    const database = new Client({ connectionString: platform.databaseUrl });
    await database.connect();
    await database.query("update machines.session set expires_at = now() - interval '1 second' where created_at = (select max(created_at) from machines.session)");
    await database.end();
    expectDetail(await get('/api/info', { 'x-auth-token': ticket }), 401, 'Invalid or expired token');
  });

  test('checks the CSRF token when one is sent', { tags: ['simple-server/info/csrf'] }, async () => {
    const { ticket, CSRFPreventionToken } = (await post({ username: 'admin', password: ADMIN_PASSWORD })).json.data;
    expect((await get('/api/info', { 'x-auth-token': ticket, CSRFPreventionToken })).status).toBe(200);
    expectDetail(await get('/api/info', { 'x-auth-token': ticket, CSRFPreventionToken: 'wrong' }), 403);
    expectDetail(await get('/api/info', { 'x-auth-token': root.credential!, CSRFPreventionToken }), 403);
  });

  test('may be asked from anywhere, as it changes nothing, but no foreign page can read the answer', async () => {
    const { status, headers } = await get('/api/info', { 'x-auth-token': root.credential!, origin: 'https://evil.example' });
    expect([status, headers['access-control-allow-origin']]).toEqual([200, undefined]);
  });
});

describe('every route', () => {
  test.each(['/api', '/api/', '/api/nothing', '/api/status/more', '/api/%00', '/api/%ff', '/api/ticket//', '/api/TICKET'])('%s is answered with HTTP 404 in the envelope', { tags: ['simple-server/rules/unknown-path', 'simple-server/rules/envelope'] }, async (path) => {
    expectDetail(await get(path), 404);
    expectDetail(await sendAs(anybody(), { method: 'POST', path, body: {} }), 404);
  });

  test.each([['POST', '/api/status'], ['GET', '/api/ticket'], ['DELETE', '/api/ticket'], ['PUT', '/api/info'], ['POST', '/api/info'], ['PURGE', '/api/info']])('%s %s is answered with HTTP 405 and what is allowed', async (method, path) => {
    const answer = await sendAs(root, { method, path });
    expectDetail(answer, 405);
    expect(answer.headers.allow).toMatch(/GET|POST/);
  });

  test.each(['/api/status', '/api/info', '/api/nothing'])('%s echoes X-Request-Id, or makes one', { tags: ['simple-server/rules/request-id'] }, async (path) => {
    expect((await get(path, { 'x-request-id': 'abc-123' })).headers['x-request-id']).toBe('abc-123');
    expect((await get(path)).headers['x-request-id']).toMatch(/^\S{8,}$/);
  });

  test('that fails answers no page and no stack', { tags: ['simple-server/rules/no-page'] }, async () => {
    for (const answer of [await get('/api/nothing'), await get('/api/info'), await post('{')]) {
      expect(answer.text).not.toMatch(/<html|<!doctype|\n\s+at |node_modules|\.ts:|\.js:/i);
    }
  });
});
