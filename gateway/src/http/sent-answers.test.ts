import { connect } from 'node:net';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { bufferPool, silentLog, type SubgraphConnection } from '@hutong/common';
import type { ExecutionResult } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';

// The memory of an answer that has been sent is used for another one: what somebody still waits for must not change.

const LENGTH = 900_000;
const SLOW = [...'abcdefghijklmnopqrst'];
const OTHERS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
const TOGETHER_MS = 50;

const letters: SubgraphConnection = {
  name: 'letters',
  isRemote: true,
  execute: async ({ variables, read }) => {
    // Equal queries meet here.
    await delay(TOGETHER_MS);
    const body = Buffer.from(`{"data":{"many":"${String(variables?.['of']).repeat(LENGTH)}"}}`);
    return read?.(body) ?? (JSON.parse(body.toString()) as ExecutionResult);
  },
  subscribe: () => Promise.reject(new Error('it has no events')),
  ready: async () => undefined,
};

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway({ PLAN_EXECUTOR: 'compiled' }, silentLog, [{ sdl: 'type Query { many(of: ID!): String! }', connection: letters }]);
  await many('-');
});
afterAll(() => gateway.stop());

const bodyOf = (of: string): string => JSON.stringify({ query: 'query ($of: ID!) { many(of: $of) }', variables: { of } });
const many = async (of: string): Promise<string> => (await gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: bodyOf(of) })).text;
const answerOf = (of: string): string => `{"data":{"many":"${of.repeat(LENGTH)}"}}`;

/** A caller who asks for all of these on one connection, and does not read on until told to. */
async function slowCaller(wanted: readonly string[]) {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.pause();
  for (const of of wanted) socket.write(`POST /graphql HTTP/1.1\r\nhost: ${hostname}\r\ncontent-type: application/json\r\ncontent-length: ${bodyOf(of).length}\r\n\r\n${bodyOf(of)}`);
  return {
    destroy: () => socket.destroy(),
    async answers(): Promise<string[]> {
      const found: string[] = [];
      let text = '';
      for await (const chunk of socket.setEncoding('latin1')) {
        text += chunk;
        for (let end = text.indexOf('"}}'); end !== -1; end = text.indexOf('"}}')) {
          found.push(text.slice(text.indexOf('{"data"'), end + 3));
          text = text.slice(end + 3);
        }
        if (found.length === wanted.length) return found;
      }
      return found;
    },
  };
}

test('who reads slowly gets what was answered, whatever others who shared it or asked for more have been sent meanwhile', async () => {
  const slow = await slowCaller(SLOW);
  expect(await Promise.all(SLOW.map(many))).toEqual(SLOW.map(answerOf));
  for (const _round of [1, 2]) expect(await Promise.all(OTHERS.map(many))).toEqual(OTHERS.map(answerOf));
  expect(await slow.answers()).toEqual(SLOW.map(answerOf));
});

test('who goes away while an answer is sent changes none of those for others', async () => {
  const gone = await slowCaller(SLOW);
  const shared = Promise.all(SLOW.map(many));
  await delay(2 * TOGETHER_MS);
  gone.destroy();
  expect(await shared).toEqual(SLOW.map(answerOf));
  expect(await Promise.all(OTHERS.map(many))).toEqual(OTHERS.map(answerOf));
});

test('the memory of an answer that has been sent is there for the next', async () => {
  await many('x');
  await expect.poll(() => bufferPool.bytes).toBeGreaterThan(0);
});
