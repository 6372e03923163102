import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { ReverseProxy } from './reverse-proxy.js';

test('a WebSocket that is not answered is given up after the time of the proxy', async () => {
  const silent = createServer((socket) => socket.on('error', () => undefined).resume()).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const origin = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  const proxy = new ReverseProxy({ idleMs: 50 });
  const passage = { origin, path: '/socket', headers: {}, signal: new AbortController().signal };
  await expect(proxy.upgrade(new PassThrough(), Buffer.alloc(0), passage)).rejects.toMatchObject({ name: 'ProxyError', tooLate: true, message: 'no answer within 0.05 s' });
  await proxy.close();
  silent.close();
});
