import { WebSocket } from 'ws';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { SocketGateway, VISITED } from '../testkit/socket.gateway.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { TestSocket, until } from '../testkit/test-socket.js';

let sockets: SocketGateway;
let gateway: TestGateway;
beforeEach(async () => {
  sockets = await SocketGateway.start();
  ({ gateway } = sockets);
});
afterEach(() => sockets.stop());

describe('credentials', () => {
  test.each(['Authorization', 'authorization', 'X-Auth-Token', 'x-auth-token', 'token', 'TOKEN'])('%s in connection_init is one', async (key) => {
    const credential = gateway.subgraphs.credential('alice');
    const socket = await sockets.open();
    socket.send({ type: 'connection_init', payload: { [key]: key.toLowerCase() === 'authorization' ? `Bearer ${credential}` : credential } });
    await socket.until(({ type }) => type === 'connection_ack');
    socket.subscribe('a', '{ me { name } }');
    expect(await socket.results('a', 1)).toEqual([{ me: { name: 'alice' } }]);
  });

  test('in the headers of the upgrade is one, in a cookie or the address none', async () => {
    const credential = gateway.subgraphs.credential('alice');
    const inHeader = await sockets.open({ headers: { 'x-auth-token': credential } });
    const inCookie = await sockets.open({ headers: { cookie: `token=${credential}; Authorization=Bearer ${credential}` } });
    for (const socket of [inHeader, inCookie]) {
      socket.send({ type: 'connection_init' });
      await socket.until(({ type }) => type === 'connection_ack');
      socket.subscribe('a', '{ me { name } }');
      await socket.results('a', 1);
    }
    expect(inHeader.data('a')).toEqual([{ me: { name: 'alice' } }]);
    expect(inCookie.data('a')).toEqual([{ me: null }]);
    expect(inCookie.of('a')[0]!.payload.errors).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test('are not needed to connect, but to subscribe', async () => {
    const socket = await sockets.of();
    socket.subscribe('a', VISITED);
    expect((await socket.until(({ id }) => id === 'a')).payload).toMatchObject([{ extensions: { code: 'UNAUTHENTICATED' } }]);
  });

  test('that are not good close with 4403, those that contradict each other with 4400', async () => {
    const bad = await sockets.open();
    bad.send({ type: 'connection_init', payload: { token: 'nobody' } });
    expect(await bad.closed).toMatchObject({ code: 4403, reason: expect.stringContaining('UNAUTHENTICATED') });
    const two = await sockets.open();
    two.send({ type: 'connection_init', payload: { token: 'one', 'x-auth-token': 'two' } });
    expect(await two.closed).toMatchObject({ code: 4400 });
  });

  test('end what they began when they are revoked, and nothing else', async () => {
    const { subgraphs } = gateway;
    const [first, second] = [subgraphs.credential('alice'), subgraphs.credential('alice')];
    const [a, b] = [await sockets.greeted(first), await sockets.greeted(second)];
    for (const socket of [a, b]) socket.subscribe('a', VISITED);
    await sockets.listening();
    subgraphs.revoke(first);
    expect(await a.closed).toMatchObject({ code: 4403 });
    subgraphs.visit('1');
    await b.results('a', 1);
    expect(a.data('a')).toEqual([]);
  });

  test('end what they began when they were revoked while nobody heard of it', async () => {
    const { subgraphs } = gateway;
    const credential = subgraphs.credential('alice');
    const [gone, stays] = [await sockets.greeted(credential), await sockets.of('bob')];
    subgraphs.breakStream();
    subgraphs.revoke(credential);
    expect(await gone.closed).toMatchObject({ code: 4403 });
    stays.subscribe('a', '{ me { name } }');
    await stays.results('a', 1);
  });

  test('end what they began when they expire', async () => {
    const credential = gateway.subgraphs.credential('alice', { expiresAt: new Date(Date.now() + 1_500).toISOString() });
    const socket = await sockets.greeted(credential);
    socket.subscribe('a', VISITED);
    expect(await socket.closed).toMatchObject({ code: 4403 });
    await until(() => gateway.subgraphs.visitors === 0);
  });
});

describe('the close codes of the protocol', () => {
  test('4400 for what is no message', async () => {
    for (const text of ['', 'nonsense', '[]', '{}', '{"type":"start"}', '{"type":"subscribe"}', '{"type":"subscribe","id":"","payload":{"query":"{ me { id } }"}}', '{"type":"connection_ack"}']) {
      const socket = await sockets.of('alice');
      socket.send(text);
      expect([text, (await socket.closed).code]).toEqual([text, 4400]);
    }
  });

  test('4401 for an operation before the greeting', async () => {
    const socket = await sockets.open();
    socket.subscribe('a', '{ me { id } }');
    expect((await socket.closed).code).toBe(4401);
  });

  test('4406 for another protocol', async () => {
    const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}/graphql`);
    const code = await new Promise((resolve) => socket.on('close', resolve));
    expect(code).toBe(4406);
  });

  test('4408 for a client that does not greet', async () => {
    expect((await (await sockets.open()).closed).code).toBe(4408);
  });

  test('4409 for an id that is in use', async () => {
    const socket = await sockets.of('alice');
    socket.subscribe('a', VISITED);
    socket.subscribe('a', VISITED);
    expect((await socket.closed).code).toBe(4409);
  });

  test('4429 for a second greeting', async () => {
    const socket = await sockets.of('alice');
    socket.send({ type: 'connection_init' });
    expect((await socket.closed).code).toBe(4429);
  });

  test('1009 for a message that is larger than a body may be', async () => {
    const socket = await sockets.of('alice');
    socket.send({ type: 'ping', payload: { text: 'x'.repeat(20_000) } });
    expect((await socket.closed).code).toBe(1009);
  });

  test('1001 when the gateway stops, quickly', async () => {
    const stopping = await testGateway();
    const socket = await TestSocket.acknowledged(stopping.url, stopping.subgraphs.credential('alice'));
    socket.subscribe('a', VISITED);
    await until(() => stopping.subgraphs.visitors === 1);
    await stopping.stop();
    expect(await socket.closed).toMatchObject({ code: 1001, reason: expect.stringContaining('after') });
    expect(stopping.subgraphs.visitors).toBe(0);
  });

  test('a ping is answered, and another path is none of ours', async () => {
    const socket = await sockets.of('alice');
    socket.send({ type: 'ping', payload: { n: 1 } });
    expect(await socket.until(({ type }) => type === 'pong')).toEqual({ type: 'pong', payload: { n: 1 } });
    const elsewhere = new WebSocket(`${gateway.url.replace('http', 'ws')}/elsewhere`, 'graphql-transport-ws');
    const failure = await new Promise<Error>((resolve) => elsewhere.on('error', resolve));
    expect(failure.message).toContain('404');
  });
});
