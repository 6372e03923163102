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

it('still tells a caller that its headers are too large', async () => {
  await using rest = await RestServer.start();
  expect(await rest.raw(`GET /api/status HTTP/1.1\r\nHost: x\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1\.1 431 /);
});
