import { once } from 'node:events';
import { Agent, get, type IncomingMessage, type RequestListener } from 'node:http';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { listen, ListenError } from './http-listener.js';

const anywhere = { host: '127.0.0.1', port: 0 };

async function answerOf(port: number, options: { agent?: Agent; path?: string } = {}): Promise<string> {
  const [response] = (await once(get({ port, host: '127.0.0.1', ...options }), 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return text;
}

/** Answers when it is let, and tells when it was asked. */
function heldAnswer() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<string>();
  const handler: RequestListener = (_request, response) => {
    asked.resolve();
    void answer.promise.then((text) => response.end(text));
  };
  return { handler, asked: asked.promise, answer: answer.resolve };
}

test('draining lets a running request finish, answers others meanwhile, and then takes none', async () => {
  const { handler, asked, answer } = heldAnswer();
  const { port, drain } = await listen((request, response) => (request.url === '/readyz' ? response.end('stopping') : handler(request, response)), anywhere);
  const agent = new Agent({ keepAlive: true });
  const running = answerOf(port, { agent });
  await asked;
  const drained = drain(10_000);
  expect(await answerOf(port, { path: '/readyz' })).toBe('stopping');
  answer('done');
  expect(await running).toBe('done');
  await drained;
  await expect(answerOf(port)).rejects.toThrow('ECONNREFUSED');
  agent.destroy();
});

test('a request that never ends is ended when the patience is', async () => {
  const { handler, asked } = heldAnswer();
  const { port, drain } = await listen(handler, anywhere);
  const running = answerOf(port);
  const ended = expect(running).rejects.toThrow('socket hang up');
  await asked;
  await drain(100);
  await ended;
});

test('a port that is taken is told in one line that says what to do', async () => {
  const first = await listen((_request, response) => response.end(), anywhere);
  const second = listen(() => undefined, { ...anywhere, port: first.port });
  await expect(second).rejects.toThrow(ListenError);
  await expect(second).rejects.toThrow(`PORT: 127.0.0.1:${first.port} is taken by another program; stop that, or set PORT to another, for example PORT=4100`);
  await first.drain(100);
});

test('a host that is none of this machine is told', async () => {
  await expect(listen(() => undefined, { host: '203.0.113.1', port: 0 })).rejects.toThrow('HOST is no address of this machine');
});

test('a connection on which nothing was asked does not hold up draining', async () => {
  const { port, drain } = await listen((_request, response) => response.end(), anywhere);
  const reserve = connect(port, '127.0.0.1');
  await once(reserve, 'connect');
  const closed = once(reserve, 'close');
  await drain(20_000);
  await closed;
}, 10_000);

test.each(['h2c', 'h2c, websocket', 'TLS/1.0', ''])('whoever offers to go on as %j is answered all the same, where there are WebSockets too', async (protocol) => {
  const { port, server, drain } = await listen((_request, response) => response.end('an answer'), anywhere);
  server.on('upgrade', (_request, socket) => socket.destroy());
  const [response] = (await once(get({ port, host: '127.0.0.1', headers: { connection: 'Upgrade, HTTP2-Settings', upgrade: protocol, 'http2-settings': 'AAMAAABkAAQAoAAAAAIAAAAA' } }), 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  response.resume();
  await drain(100);
});
