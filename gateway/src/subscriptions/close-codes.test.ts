import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { badInput, limitExceeded, silentLog, subgraphUnavailable, unauthenticated } from '@hutong/common';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { LiveSocket } from './live-socket.js';

test.each([
  ['something that nobody expected', new Error('swordfish'), 4500, 'Internal server error'],
  ['a message that the protocol does not have at this place', new Error('Unexpected message of type next received'), 4400, 'Unexpected message of type next'],
  ['bad input', badInput({ problem: 'not so' }), 4400, 'BAD_INPUT: not so'],
  ['a limit', limitExceeded({ limit: 'values', allowed: '3 values' }), 4400, 'LIMIT_EXCEEDED: values'],
  ['a credential that is not good', unauthenticated({ reason: 'no' }), 4403, 'UNAUTHENTICATED'],
  ['a subgraph that is down', subgraphUnavailable({ subgraph: 'machines' }), 1013, 'SUBGRAPH_UNAVAILABLE'],
  ['a reason that is longer than a close frame', badInput({ problem: '很'.repeat(200) }), 4400, 'BAD_INPUT: ???'],
])('%s closes a WebSocket with the code of its kind, and tells nothing of the inside', async (_what, failure, code, told) => {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
  try {
    const [[served]] = (await Promise.all([once(sockets, 'connection'), once(client, 'open')])) as unknown as [[WebSocket]];
    new LiveSocket(served, { bufferedBytes: 1_024, pingMs: 60_000, values: 1_000 }, silentLog).protocol().onMessage(() => Promise.reject(failure));
    client.send('{}');
    const [closed, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([closed, reason.toString()]).toEqual([code, expect.stringContaining(told)]);
    expect(reason.toString()).not.toContain('swordfish');
  } finally {
    client.terminate();
    sockets.close();
  }
});
