import { expect, it } from 'vitest';
import { RestServer } from '../testkit/rest.server.js';

const unencoded = 'GET /api/v1/nowhere?region=北京 HTTP/1.1\r\nHost: x\r\n\r\n';

it('takes an unencoded target after other requests on the same connection, and closes it then', async () => {
  await using rest = await RestServer.start();
  const { connect } = await import('node:net');
  const text = await new Promise<string>((resolve) => {
    let received = '';
    const socket = connect(rest.port, '127.0.0.1', () => socket.write('GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n'));
    socket.on('data', (chunk) => {
      received += chunk.toString();
      if (received.endsWith('"OK"}')) socket.write(unencoded);
    }).on('close', () => resolve(received));
  });
  expect(text.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(2);
  expect(text).toContain('"code":404');
});

it('lets a handler behind it say how long the connection may stand still', async () => {
  await using rest = await RestServer.start({}, (_request, response, next) => {
    response.setTimeout(60_000);
    next();
  });
  expect(await rest.raw(unencoded)).toContain('"code":404');
});

it.each([
  ['a body', 'POST /api/v1/nowhere?region=北京 HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}'],
  ['two requests at once', unencoded + unencoded],
  ['half a head', 'GET /api/v1/nowhere?region=北京 HTTP/1.1\r\nHost: x\r\n'],
  ['a control character beside it', 'GET /api/v1/nowhere?region=北京\x01 HTTP/1.1\r\nHost: x\r\n\r\n'],
  ['no HTTP at all', '北京\r\n\r\n'],
])('refuses %s with HTTP 400', async (_what, bytes) => {
  await using rest = await RestServer.start();
  expect(await rest.raw(bytes)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
});

it('writes nothing into an answer that has begun, whatever comes behind its request', async () => {
  await using rest = await RestServer.start({}, (_request, response) => {
    response.writeHead(200, { 'content-length': 1_000 });
    response.write('the first half');
  });
  const text = await rest.raw('GET /half HTTP/1.1\r\nHost: x\r\n\r\nno HTTP\r\n\r\n');
  expect(text.match(/HTTP\/1\.1/g)?.length ?? 0).toBeLessThanOrEqual(1);
  expect(text).not.toContain('400 Bad Request');
});

it('still tells a caller that its headers are too large', async () => {
  await using rest = await RestServer.start();
  expect(await rest.raw(`GET /api/status HTTP/1.1\r\nHost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
});
