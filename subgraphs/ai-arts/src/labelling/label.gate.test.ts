import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { caller, TEST_SECRET } from '@hutong/common/testkit';
import { createLocalJWKSet, createRemoteJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { filesHouse, type FilesHouse } from '../testkit/files.house.js';
import { answers, labelServer, type LabelServerOfTest } from '../testkit/label-server.js';
import { routeServer, type RouteServer } from '../testkit/route.server.js';
import { CallerAssertions } from './caller.assertion.js';
import { readLabelServerSettings } from './environment.js';

const PATH = '/ai_arts/annotations';
const MIB = 1024 * 1024;
const alice = caller({ username: '王爱丽', roles: ['MEMBER', 'PROVIDER'] });

let labels: LabelServerOfTest;
let house: FilesHouse;
let routes: RouteServer;

const settingsOf = (more: Record<string, string> = {}) => ({ labelServer: readLabelServerSettings({ LABEL_SERVER_URL: `${labels.url}/base`, LABEL_SERVER_BODY_BYTES: String(MIB), ...more }) });

beforeAll(async () => {
  labels = await labelServer();
  house = await filesHouse(settingsOf());
  routes = await routeServer(house.subgraph.routes);
});
afterAll(async () => {
  await routes?.stop();
  await house?.close();
  await labels?.stop();
});

const ask = (path: string, { headers, ...more }: Omit<RequestInit, 'headers'> & { headers?: Record<string, string> } = {}) =>
  fetch(`${routes.url}${PATH}${path}`, { redirect: 'manual', ...more, headers: { ...routes.as(alice), ...headers } });

/** With a target that fetch would tidy up. */
const askRaw = (target: string, headers: Record<string, string> = {}): Promise<{ status: number; location: string | undefined }> =>
  new Promise((resolve, reject) => {
    const { port } = new URL(routes.url);
    httpRequest({ host: '127.0.0.1', port, path: target, headers: { ...routes.as(alice), ...headers }, agent: false }, (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode!, location: answer.headers.location });
    }).on('error', reject).end();
  });

const failureOf = async (answer: Response) => {
  const { errors } = (await answer.json()) as { errors: [{ message: string; extensions: { code: string } }] };
  return [answer.status, errors[0].extensions.code, errors[0].message] as const;
};

test('a browser is sent to the same page of the label server, with nothing that proves who it is', async () => {
  labels.behave(answers({}));
  const answer = await ask('/projects/7?tab=1&tab=%2F', { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', cookie: 'a=b' } });
  expect([answer.status, answer.headers.get('location'), answer.headers.get('referrer-policy')]).toEqual([302, `${labels.url}/base/projects/7?tab=1&tab=%2F`, 'no-referrer']);
  expect((await ask('', { headers: { accept: 'text/html' } })).headers.get('location')).toBe(`${labels.url}/base/`);
  expect(labels.received).toEqual([]);
});

test('whoever is not signed in reaches nothing', async () => {
  labels.behave(answers({}));
  for (const accept of ['text/html', '*/*']) expect((await failureOf(await ask('/x', { headers: { accept, authorization: '' } })))[1]).toBe('UNAUTHENTICATED');
  const reader = caller({ scopes: ['ai-arts:read'] });
  expect((await failureOf(await ask('/x', { method: 'POST', headers: routes.as(reader) }))).slice(0, 2)).toEqual([403, 'FORBIDDEN']);
  expect((await ask('/x', { headers: routes.as(caller({ scopes: ['ai-arts:read'] })) })).status).toBe(200);
  expect(labels.received).toHaveLength(1);
});

test('no header tells the label server another method or path', async () => {
  labels.behave(answers({}));
  const others = { 'x-http-method-override': 'DELETE', 'x-http-method': 'DELETE', 'x-method-override': 'DELETE', 'x-original-url': '/admin', 'x-rewrite-url': '/admin' };
  expect((await ask('/x', { headers: { ...routes.as(caller({ scopes: ['ai-arts:read'] })), ...others } })).status).toBe(200);
  expect(Object.keys(labels.received[0]!.headers).filter((name) => name in others)).toEqual([]);
});

test('a program reaches the label server with method, query and body as they are', async () => {
  labels.behave(answers({ id: 9 }, 201, { 'x-total': '1' }));
  const answer = await ask('/api/projects?name=%E6%95%B0%20x', { method: 'POST', body: '{"title":"数字"}', headers: { 'content-type': 'application/json', 'x-mine': 'kept' } });
  expect([answer.status, answer.headers.get('x-total'), await answer.json()]).toEqual([201, '1', { id: 9 }]);
  const [got] = labels.received;
  expect(got).toMatchObject({ method: 'POST', url: '/base/api/projects?name=%E6%95%B0%20x', headers: { 'content-type': 'application/json', 'x-mine': 'kept', host: new URL(labels.url).host } });
  expect(got!.body.toString()).toBe('{"title":"数字"}');
  for (const method of ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'HEAD']) expect((await ask('/x', { method })).status).toBe(201);
  expect((await ask('/x', { method: 'PROPFIND' })).status).toBe(405);
});

test('it is told who asks by an assertion that it can verify, and neither by a credential nor by cookies', async () => {
  labels.behave(answers({}));
  await ask('/x', { headers: { cookie: 'session=1', 'x-auth-token': 'a ticket', token: 'a ticket', csrfpreventiontoken: 'csrf', 'x-forwarded-for': '1.2.3.4', 'hutong-subgraph': 'x', origin: 'https://ours.example' } });
  const { headers } = labels.received[0]!;
  for (const name of ['cookie', 'x-auth-token', 'token', 'csrfpreventiontoken', 'x-forwarded-for', 'hutong-subgraph', 'origin']) expect(headers).not.toHaveProperty(name);
  const token = headers.authorization!.replace('Bearer ', '');
  const keys = createRemoteJWKSet(new URL(`${routes.url}/ai_arts/jwks.json`));
  const { payload } = await jwtVerify(token, keys, { issuer: 'hutong', audience: `${labels.url}/base` });
  expect(payload).toMatchObject({ sub: alice.userId, name: '王爱丽', roles: ['MEMBER', 'PROVIDER'], jti: expect.stringMatching(/^[0-9a-f-]{36}$/) });
  expect(payload.exp! - payload.iat!).toBe(60);
  await expect(jwtVerify(token, keys, { audience: 'http://another.example' })).rejects.toThrow('aud');
  await ask('/x');
  expect(labels.received[1]!.headers.authorization).not.toBe(headers.authorization);
});

test('an assertion is signed with a secret that both share, or with a key that is the same in every process and of no other platform', async () => {
  const audience = 'http://labels.example';
  const open = (platformSecret: string, sharedSecret?: string) => CallerAssertions.open({ platformSecret, sharedSecret, audience });
  const shared = await open(TEST_SECRET, 's'.repeat(32));
  expect(shared.keys).toEqual({ keys: [] });
  expect((await jwtVerify(await shared.sign(alice), Buffer.from('s'.repeat(32)), { audience })).protectedHeader).toEqual({ alg: 'HS256', typ: 'JWT' });
  const [one, same, other] = await Promise.all([open(TEST_SECRET), open(TEST_SECRET), open('another secret')]);
  expect(JSON.stringify(one.keys)).not.toContain('"d"');
  await jwtVerify(await one.sign(alice), createLocalJWKSet({ keys: [...same.keys.keys] }), { audience });
  await expect(jwtVerify(await one.sign(alice), createLocalJWKSet({ keys: [...other.keys.keys] }), { audience })).rejects.toThrow('no applicable key');
});

test.each(['//evil.example/x', '/..;/admin', '/a/..;x=1/admin', '/%2e%2e/admin', '/%2E%2e%2fadmin', '/..%2fadmin', '/..%5cadmin', '/%252e%252e%252fadmin', '/a/%25%32%65%25%32%65/', '/.;/x', '/..', '/a/./b', '/%00', '/a%0d%0aSet-Cookie:x', '/..\\admin', '/%255c%255c..%255cadmin'])('no trick leads out of the label server’s path: %s', async (trick) => {
  labels.behave(answers('reached'));
  for (const accept of ['text/html', '*/*']) {
    const { status, location } = await askRaw(PATH + trick, { accept });
    expect([400, 404]).toContain(status);
    expect(location).toBeUndefined();
  }
  expect(labels.received).toEqual([]);
});

test.each(['/a..b/c', '/...', '/;x', '/@evil.example', '/:80/', '/100%25', '/%E6%95%B0', '/a%2Fb', '/x?next=//evil.example/..', '?a=b'])('what only looks like one reaches the label server, and nothing else: %s', async (rest) => {
  labels.behave(answers('reached'));
  expect((await askRaw(PATH + rest)).status).toBe(200);
  expect(labels.received[0]!.url).toBe(`/base${rest}`);
  const { location } = await askRaw(PATH + rest, { accept: 'text/html' });
  expect(new URL(location!).origin).toBe(labels.url);
});

test('a redirect within the label server leads back through us, one to elsewhere is the client’s to follow', async () => {
  const to = async (location: string) => {
    labels.behave((_, response) => void response.writeHead(302, { location }).end());
    const answer = await ask('/api/x/y');
    expect([answer.status, labels.received.length]).toEqual([302, 1]);
    return answer.headers.get('location');
  };
  const ours = '/ai_arts/api/annotations';
  expect(await to('/base/login?next=/base/x')).toBe(`${ours}/login?next=/base/x`);
  expect(await to(`${labels.url}/base/a#b`)).toBe(`${ours}/a#b`);
  expect(await to('z')).toBe(`${ours}/api/x/z`);
  expect(await to('../../../../base/../base/z')).toBe(`${ours}/z`);
  expect(await to('/outside')).toBe(`${labels.url}/outside`);
  expect(await to(`${labels.url}/baseless`)).toBe(`${labels.url}/baseless`);
  expect(await to('//elsewhere.example/x')).toBe('http://elsewhere.example/x');
  expect(await to('https://storage.example/a?sig=1')).toBe('https://storage.example/a?sig=1');
  for (const none of ['javascript:alert(1)', 'file:///etc/passwd', 'http://[', 'data:text/html,x']) expect(await to(none)).toBeNull();
});

test('what an answer would do to our own origin is taken off it', async () => {
  labels.behave(answers({}, 200, {
    'set-cookie': ['a=1; Path=/', 'hutong=2'], 'access-control-allow-origin': '*', 'clear-site-data': '"*"', 'strict-transport-security': 'max-age=1', refresh: '0;url=//evil.example', server: 'x', 'cache-control': 'public, max-age=9999',
    'content-security-policy': 'default-src *', 'x-hutong-error': 'UNAUTHENTICATED', 'hutong-subgraph': 'x', 'keep-alive': 'timeout=9', etag: '"kept"',
  }));
  const { status, headers } = await ask('/x');
  expect([status, headers.get('etag'), headers.get('cache-control'), headers.get('content-security-policy'), headers.get('x-content-type-options')]).toEqual([200, '"kept"', 'private, no-store', "default-src 'none'; sandbox", 'nosniff']);
  for (const name of ['set-cookie', 'access-control-allow-origin', 'clear-site-data', 'strict-transport-security', 'refresh', 'server', 'x-hutong-error', 'hutong-subgraph']) expect(headers.get(name), name).toBeNull();
});

test('its own failures are passed back as they are, but for one that is about our assertion', async () => {
  for (const status of [400, 403, 404, 409, 422, 429, 500, 503]) {
    labels.behave(answers({ detail: 'its own words' }, status));
    const answer = await ask('/x');
    expect([answer.status, await answer.json()]).toEqual([status, { detail: 'its own words' }]);
  }
  labels.behave(answers({ detail: 'who?' }, 401, { 'www-authenticate': 'Basic realm="x"' }));
  const refused = await ask('/x');
  expect(refused.headers.get('www-authenticate')).toBeNull();
  expect(await failureOf(refused)).toEqual([502, 'LABEL_SERVER_UNAVAILABLE', expect.stringContaining('it answered 401')]);
});

test('a body that is too large is refused, whether its length is told or not', async () => {
  labels.behave(answers({}));
  expect((await ask('/x', { method: 'POST', body: randomBytes(MIB) })).status).toBe(200);
  expect((await failureOf(await ask('/x', { method: 'POST', body: randomBytes(MIB + 1) })))[1]).toBe('FILES_TOO_LARGE');
  const chunked = (count: number) => Readable.toWeb(Readable.from(Array.from({ length: count }, () => randomBytes(64 * 1024))));
  const post = (body: ReadableStream) => ask('/x', { method: 'POST', body: body as never, duplex: 'half' });
  expect((await post(chunked(16))).status).toBe(200);
  expect(labels.received.map(({ body }) => body.length)).toEqual([MIB, MIB]);
  expect((await failureOf(await post(chunked(40))))[1]).toBe('FILES_TOO_LARGE');
  expect(labels.received).toHaveLength(2);
});

test('an answer of any size goes through without being held', async () => {
  const chunk = Buffer.alloc(MIB, 'x');
  let left = 384;
  labels.behave((_, response) => {
    response.writeHead(200, { 'content-length': String(384 * MIB) });
    Readable.from((function* () {
      for (; left > 0; left -= 1) yield chunk;
    })()).pipe(response);
  });
  const before = process.memoryUsage().rss;
  let most = 0;
  let bytes = 0;
  const answer = await ask('/export');
  for await (const part of answer.body!) {
    bytes += (part as Uint8Array).length;
    if (bytes % 64 === 0) most = Math.max(most, process.memoryUsage().rss);
  }
  expect(bytes).toBe(384 * MIB);
  expect(most - before).toBeLessThan(192 * MIB);
});

test('a label server that refuses, cuts off, talks nonsense or says nothing is told as that', async () => {
  labels.behave((request) => request.socket.destroy());
  expect((await failureOf(await ask('/x'))).slice(0, 2)).toEqual([502, 'LABEL_SERVER_UNAVAILABLE']);
  labels.behave((request) => request.socket.end('220 smtp.example ESMTP\r\n'));
  expect((await failureOf(await ask('/x')))[1]).toBe('LABEL_SERVER_UNAVAILABLE');
  labels.behave((_, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('half');
    response.socket!.destroySoon();
  });
  await expect(ask('/x').then((answer) => answer.text())).rejects.toThrow('terminated');
});

test('one that is not there, or does not answer, is told in time', async () => {
  const gone = createServer().listen(0, '127.0.0.1');
  await once(gone, 'listening');
  const { port } = gone.address() as { port: number };
  gone.close();
  const cases: Record<string, string>[] = [{ LABEL_SERVER_URL: `http://127.0.0.1:${port}` }, { LABEL_SERVER_IDLE_SECONDS: '1' }];
  for (const more of cases) {
    const own = await filesHouse(settingsOf(more), house);
    const server = await routeServer(own.subgraph.routes);
    onTestFinished(async () => {
      await server.stop();
      await own.close();
    });
    labels.behave(() => undefined);
    const answer = await fetch(`${server.url}${PATH}/x`, { headers: server.as(alice) });
    expect((await failureOf(answer)).slice(0, 2)).toEqual([502, 'LABEL_SERVER_UNAVAILABLE']);
  }
});

test('without a label server everything below says so, to browsers and programs', async () => {
  const own = await filesHouse({}, house);
  const server = await routeServer(own.subgraph.routes);
  onTestFinished(async () => {
    await server.stop();
    await own.close();
  });
  for (const accept of ['text/html', '*/*']) {
    const answer = await fetch(`${server.url}${PATH}/x`, { redirect: 'manual', headers: { ...server.as(alice), accept } });
    expect(await failureOf(answer)).toEqual([503, 'LABEL_SERVER_NOT_CONFIGURED', expect.stringContaining('LABEL_SERVER_URL')]);
  }
  expect(await (await fetch(`${server.url}/ai_arts/jwks.json`)).json()).toEqual({ keys: [] });
});

test.each<[string, Record<string, string>]>([
  ['another protocol', { LABEL_SERVER_URL: 'ftp://x' }],
  ['a password', { LABEL_SERVER_URL: 'http://u:p@x' }],
  ['a query', { LABEL_SERVER_URL: 'http://x/?a=b' }],
  ['a short secret', { LABEL_SERVER_URL: 'http://x', LABEL_SERVER_SECRET: 'x'.repeat(31) }],
  ['a page of another host', { LABEL_SERVER_URL: 'http://x', LABEL_PROJECT_PATH: '//evil/{project}' }],
  ['a page of no project', { LABEL_SERVER_URL: 'http://x', LABEL_PROJECT_PATH: '/projects' }],
])('a setting with %s stops the start', (_, environment) => {
  expect(() => readLabelServerSettings(environment)).toThrow(/^LABEL_/);
});
