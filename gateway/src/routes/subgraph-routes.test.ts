import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { ask, COOKIE, PATH, raw, testRoutes, type TestRoutes } from '../testkit/test-routes.js';

const MB = 1024 * 1024;
/** What the buffers of all sockets on the way may hold. */
const BUFFERED = 24 * MB;

const failureOf = async (answer: Response) => ((await answer.json()) as { errors: [{ message: string; extensions: { code: string } }] }).errors[0];
const bearer = (credential: string) => ({ authorization: `Bearer ${credential}` });

describe.each(['here', 'elsewhere'] as const)('with the subgraph %s', (place) => {
  let routes: TestRoutes;
  beforeAll(async () => {
    routes = await testRoutes(place);
    await vi.waitUntil(() => routes.gateway.subgraphs.listeners === 1);
  });
  afterAll(() => routes.stop());

  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') => fetch(`${routes.url}${PATH}${path}`, { method, headers, redirect: 'manual' });
  const who = async (headers: Record<string, string> = {}, path = '/who') => (await (await get(path, headers)).json()) as { user: string | null; address: string; url: string; errors?: { extensions: { code: string } }[] };
  const open = async (headers: Record<string, string> = {}, path = '/socket'): Promise<WebSocket> => {
    const socket = new WebSocket(`${routes.url.replace('http', 'ws')}${PATH}${path}`, { headers });
    await once(socket, 'open');
    return socket;
  };
  const atRest = async () => {
    await expect.poll(() => routes.seen.open).toBe(0);
  };

  test('a handler is told who asks, from where, and the URL as it was sent', async () => {
    const credential = routes.gateway.subgraphs.credential('alice');
    expect(await who(bearer(credential), '/who?a=%2F&b')).toEqual({ user: 'user-alice', address: '127.0.0.1', url: `${PATH}/who?a=%2F&b` });
    expect(await who({ token: credential })).toMatchObject({ user: 'user-alice' });
    expect(await who()).toMatchObject({ user: null });
  });

  test('what may have changed something is told of before its answer has come, and nothing else is', async () => {
    const before = routes.seen.changes;
    await who();
    expect(routes.seen.changes).toBe(before);
    await (await get('/who', {}, 'POST')).text();
    expect(routes.seen.changes).toBeGreaterThan(before);
  });

  test('a credential that is not good is refused, and none is passed on', async () => {
    const bad = await get('/who', bearer('nobody-knows-me'));
    expect([bad.status, bad.headers.get('www-authenticate'), (await failureOf(bad)).extensions.code]).toEqual([401, 'Bearer', 'UNAUTHENTICATED']);
    const credential = routes.gateway.subgraphs.credential('alice');
    await who({ ...bearer(credential), 'x-auth-token': credential, token: credential, cookie: 'a=b', 'x-mine': 'kept' });
    const last = routes.seen.headers.at(-1)!;
    expect(JSON.stringify(last)).not.toContain(credential);
    expect(last).toMatchObject({ 'x-mine': 'kept' });
    expect(last).not.toHaveProperty('cookie');
  });

  test('what a sender says of proxies, of the platform’s own and of the connection does not reach the handler', async () => {
    const hostile = {
      'x-forwarded-for': '10.0.0.1',
      'x-forwarded-host': 'evil.example',
      'x-forwarded-proto': 'https',
      forwarded: 'for=10.0.0.1',
      'x-real-ip': '10.0.0.1',
      via: '1.1 evil',
      'hutong-subgraph': 'bytes',
      'hutong-answer-bytes': '1',
      'keep-alive': 'timeout=1',
      te: 'trailers',
      'proxy-authorization': 'Basic eDp5',
      'x-named': 'by Connection',
    };
    const head = Object.entries(hostile).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    const answer = await raw(routes.port, `POST ${PATH}/hash HTTP/1.1\r\nhost: a\r\n${head}connection: close, x-named, content-length, host\r\ncontent-length: 3\r\n\r\nabc`);
    expect(answer).toContain(createHash('sha256').update('abc').digest('hex'));
    expect(answer).not.toMatch(/^hutong-/im);
    const last = routes.seen.headers.at(-1)!;
    expect(Object.keys(hostile).filter((name) => name in last)).toEqual([]);
    expect(routes.seen.scopes.at(-1)!.caller.address).toBe('127.0.0.1');
    expect((await get('/who', { 'x-request-id': 'mine:1' })).headers.get('x-request-id')).toBe('mine:1');
    expect(routes.seen.scopes.at(-1)!.requestId).toBe('mine:1');
  });

  test('a second request cannot be hidden in the body of a first', async () => {
    const hidden = `GET ${PATH}/who?hidden HTTP/1.1\r\nhost: a\r\n\r\n`;
    const before = routes.seen.headers.length;
    const both = await raw(routes.port, `POST ${PATH}/hash HTTP/1.1\r\nhost: a\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n0\r\n\r\n${hidden}`);
    expect(both).toMatch(/^HTTP\/1.1 400 /);
    expect(routes.seen.headers.length).toBe(before);
    const chunked = (content: string) => `${content.length.toString(16)}\r\n${content}\r\n0\r\n\r\n`;
    const inBody = await raw(routes.port, `GET ${PATH}/hash HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\nconnection: close, transfer-encoding\r\n\r\n${chunked(hidden)}`);
    expect(inBody).toContain(createHash('sha256').update(hidden).digest('hex'));
    expect(routes.seen.headers.length).toBe(before + 1);
  });

  test.each(['/bytesX/who', `${PATH}/../graphql`, `${PATH}/%2e%2E/graphql`, `${PATH}/..`, `${PATH}//who`, `/x/..${PATH}/who`, `${PATH}\\..\\graphql`])('nothing is at %s', async (target) => {
    const before = routes.seen.headers.length;
    expect(await raw(routes.port, `GET ${target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n`)).toMatch(/^HTTP\/1.1 404 /);
    expect(routes.seen.headers.length).toBe(before);
  });

  test('a method that a route does not take is refused with those that it does', async () => {
    const answer = await get('/who', {}, 'DELETE');
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect((await failureOf(answer)).message).toBe('DELETE is not answered here, only GET, HEAD, POST');
  });

  test('status, headers and cookies of an answer come back as they were made, but for those of the connection', async () => {
    const part = await get('/part');
    expect([part.status, part.headers.get('content-range'), part.headers.get('etag'), part.headers.getSetCookie(), part.headers.get('x-inner'), await part.text()]).toEqual([206, 'bytes 0-3/10', '"a"', ['a=1', 'b=2'], place === 'here' ? 'of the connection' : null, '0123']);
    const head = await get('/part', {}, 'HEAD');
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([206, '4', '']);
    expect((await get('/unchanged')).status).toBe(304);
  });

  test('a large body goes through in both directions unchanged', async () => {
    const chunk = randomBytes(MB);
    const hash = createHash('sha256');
    for (let count = 0; count < 48; count++) hash.update(chunk);
    const answer = await ask(routes, '/hash', { method: 'POST', body: Readable.from(Array.from({ length: 48 }, () => chunk)) });
    expect(await text(answer)).toBe(hash.digest('hex'));
  });

  test('who reads slowly is waited for, and when they go away the handler is told', async () => {
    const { aborted } = routes.seen;
    const answer = await ask(routes, '/endless');
    answer.pause();
    await expect.poll(async () => {
      const before = routes.seen.poured;
      await delay(200);
      return routes.seen.poured - before;
    }).toBe(0);
    expect(routes.seen.poured).toBeLessThan(BUFFERED);
    answer.socket.destroy();
    await expect.poll(() => routes.seen.aborted).toBe(aborted + 1);
    await atRest();
  });

  test('who sends faster than the handler reads is made to wait', async () => {
    const chunk = Buffer.alloc(64 * 1024);
    let sent = 0;
    const flood = Readable.from((function* () {
      for (; sent < 96 * MB; sent += chunk.length) yield chunk;
    })());
    const answering = ask(routes, '/slow', { method: 'POST', body: flood });
    await expect.poll(async () => {
      const before = sent;
      await delay(200);
      return before > 0 && sent === before;
    }).toBe(true);
    expect(sent).toBeLessThan(BUFFERED);
    routes.readOn();
    expect(await text(await answering)).toBe(String(96 * MB));
  });

  test('a sender who goes away in the middle of a body is noticed', async () => {
    const { aborted } = routes.seen;
    const socket = connect(routes.port, '127.0.0.1');
    socket.write(`POST ${PATH}/hash HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\nabc`);
    await expect.poll(() => routes.seen.open).toBe(1);
    socket.destroy();
    await expect.poll(() => routes.seen.aborted).toBe(aborted + 1);
    await atRest();
  });

  test('a body that nobody wants does not keep the answer from its sender', async () => {
    const answer = await ask(routes, '/refuse', { method: 'POST', body: Readable.from(Array.from({ length: 512 }, () => Buffer.alloc(64 * 1024))) });
    expect([answer.statusCode, await text(answer)]).toEqual([413, 'too large']);
    await atRest();
  });

  test('an answer that breaks off is seen to be incomplete', async () => {
    const answer = await get('/breaks');
    await expect(answer.text()).rejects.toThrow('terminated');
    await atRest();
  });

  test('what a handler stumbles over is masked', async () => {
    const answer = await get('/secret');
    const body = await answer.text();
    expect([answer.status, answer.headers.get('x-half-made'), JSON.parse(body).errors[0].extensions.code]).toEqual([500, null, 'INTERNAL_SERVER_ERROR']);
    expect(body).not.toContain('swordfish');
    await expect(open({}, '/closed')).rejects.toThrow('500');
  });

  test('a WebSocket carries what both say, and ends for both when one ends it', async () => {
    const credential = routes.gateway.subgraphs.credential('alice');
    const socket = await open(bearer(credential));
    expect(routes.seen.scopes.at(-1)!.caller.userId).toBe('user-alice');
    const large = randomBytes(4 * MB);
    socket.send(large);
    const [echo] = (await once(socket, 'message')) as [Buffer];
    expect(echo.equals(large)).toBe(true);
    socket.send('bye');
    expect(await once(socket, 'close')).toEqual([4001, Buffer.from('as asked')]);
    await atRest();
    const other = await open(bearer(credential));
    other.terminate();
    await atRest();
  });

  test('a WebSocket is closed when its credential is revoked', async () => {
    const credential = routes.gateway.subgraphs.credential('alice');
    const socket = await open(bearer(credential));
    const closed = once(socket, 'close');
    routes.gateway.subgraphs.revoke(credential);
    await closed;
    await atRest();
  });

  test('a WebSocket with a bad credential, or where there is none, is not opened', async () => {
    await expect(open(bearer('nobody-knows-me'))).rejects.toThrow('401');
    const nowhere = new WebSocket(`${routes.url.replace('http', 'ws')}/elsewhere`);
    const [error] = (await once(nowhere, 'error')) as [Error];
    expect(error.message).toContain('404');
    await atRest();
  });

  describe('a session cookie', () => {
    const cookieOf = (credential: string, path = `${PATH}/`) => routes.sessions.cookie(COOKIE, { credentialId: `id-${credential}`, path }, false).split(';')[0]!;

    test('counts as the credential that it was begun with, below its path only', async () => {
      const credential = routes.gateway.subgraphs.credential('bob');
      expect(await who({ cookie: `x=y; ${cookieOf(credential)}` })).toMatchObject({ user: 'user-bob' });
      expect(await who({ cookie: cookieOf(credential, `${PATH}/of-bob/`) })).toMatchObject({ user: null });
      expect(await who({ cookie: `${cookieOf(credential)}x` })).toMatchObject({ user: null });
      routes.gateway.subgraphs.revoke(credential);
      expect((await who({ cookie: cookieOf(credential) })).errors![0]!.extensions.code).toBe('UNAUTHENTICATED');
    });

    test('is of no use to a page of another origin', async () => {
      const credential = routes.gateway.subgraphs.credential('bob');
      const cookie = cookieOf(credential);
      expect(await who({ cookie, origin: routes.url })).toMatchObject({ user: 'user-bob' });
      const foreign = await get('/who', { cookie, origin: 'https://evil.example' });
      expect([foreign.status, (await failureOf(foreign)).extensions.code]).toEqual([403, 'FORBIDDEN']);
      await expect(open({ cookie, origin: 'https://evil.example' })).rejects.toThrow('403');
      const socket = await open({ cookie, origin: routes.url });
      const closed = once(socket, 'close');
      routes.gateway.subgraphs.revoke(credential);
      await closed;
    });
  });
});

test('when the subgraph’s process ends, what it was at is cut off, and nothing is left open', async () => {
  const routes = await testRoutes('elsewhere');
  const socket = new WebSocket(`${routes.url.replace('http', 'ws')}${PATH}/socket`);
  await once(socket, 'open');
  const answer = await ask(routes, '/endless');
  const closed = Promise.all([once(socket, 'close'), new Promise((resolve) => void answer.resume().on('error', () => undefined).once('close', resolve))]);
  await expect.poll(() => routes.seen.open).toBe(2);
  await routes.stopSubgraph();
  await closed;
  expect([answer.complete, routes.seen.open]).toEqual([false, 0]);
  await routes.stop();
});

test('a subgraph that is down is told of in plain words', async () => {
  const routes = await testRoutes('elsewhere');
  await routes.stopSubgraph();
  const answer = await fetch(`${routes.url}${PATH}/who`);
  expect([answer.status, await failureOf(answer)]).toEqual([503, { message: 'The subgraph bytes is not available at present', extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }]);
  const socket = new WebSocket(`${routes.url.replace('http', 'ws')}${PATH}/socket`);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain('503');
  await routes.stop();
});
