import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { anonymous, silentLog } from '@hutong/common';
import express from 'express';
import { parse, type FormattedExecutionResult } from 'graphql';
import { expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import type { Identity } from '../identity/identity.js';
import type { LiveOperations } from './live-operations.js';
import { LiveSocket } from './live-socket.js';
import { SseEndpoint } from './sse-endpoint.js';

const KILOBYTES_64 = 'x'.repeat(64 * 1024);

test('a WebSocket whose client does not read is closed with 1013, and holds no more than its buffer until then', async () => {
  const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(sockets, 'listening');
  const client = new WebSocket(`ws://127.0.0.1:${(sockets.address() as AddressInfo).port}`);
  try {
    const [[served]] = (await Promise.all([once(sockets, 'connection'), once(client, 'open')])) as unknown as [[WebSocket]];
    client.pause();
    const protocol = new LiveSocket(served, { bufferedBytes: 1024 * 1024, pingMs: 60_000, values: 1_000 }, silentLog).protocol();
    let held = 0;
    for (let sent = 0; sent < 1_000 && served.readyState === served.OPEN; sent++) {
      void protocol.send(KILOBYTES_64);
      held = Math.max(held, served.bufferedAmount);
      await new Promise(setImmediate);
    }
    expect(served.readyState).toBe(served.CLOSING);
    expect(held).toBeLessThan(1024 * 1024 + 2 * KILOBYTES_64.length);
    client.resume();
    const [code, reason] = (await once(client, 'close')) as [number, Buffer];
    expect([code, reason.toString()]).toEqual([1013, expect.stringContaining('subscribe with "after"')]);
  } finally {
    client.terminate();
    sockets.close();
  }
});

/** A stream of events without end, as fast as they are taken. */
function events() {
  const ended = Promise.withResolvers<void>();
  const results: AsyncIterableIterator<FormattedExecutionResult> = {
    [Symbol.asyncIterator]: () => results,
    next: async () => ({ done: false, value: { data: { told: KILOBYTES_64 } } }),
    async return() {
      ended.resolve();
      return { done: true, value: undefined };
    },
  };
  return { results, ended: ended.promise };
}

async function sse({ results }: ReturnType<typeof events>, stallMs: number) {
  const operations = { run: async () => ({ results, document: parse('subscription { told }'), operationName: undefined }) } as unknown as LiveOperations;
  const identity = { sessionOf: async () => ({ caller: anonymous, fingerprint: '', end: () => undefined }) } as unknown as Identity;
  const server = createServer(express().use(new SseEndpoint({ operations, identity, log: silentLog, stallMs }).handler)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('POST / HTTP/1.1\r\nHost: hutong\r\nAccept: text/event-stream\r\nContent-Length: 0\r\n\r\n');
  return { server, client };
}

test('a stream of events whose client takes nothing is broken off, and its source is ended', async () => {
  const stream = events();
  const { server, client } = await sse(stream, 100);
  try {
    client.pause();
    await stream.ended;
  } finally {
    client.destroy();
    server.close();
  }
});

test('a stream of events whose client reads slowly goes on', async () => {
  const stream = events();
  const { server, client } = await sse(stream, 20_000);
  let warned: Error | undefined;
  const onWarning = (warning: Error) => (warned = warning);
  process.on('warning', onWarning);
  try {
    let read = 0;
    for await (const chunk of client as AsyncIterable<Buffer>) {
      read += chunk.length;
      if (read > 64 * 1024 * 1024) break;
    }
    await stream.ended;
    expect(warned).toBeUndefined();
  } finally {
    process.off('warning', onWarning);
    client.destroy();
    server.close();
  }
});
