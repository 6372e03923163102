import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { anonymous, bufferPool, silentLog } from '@hutong/common';
import { RemoteConnection } from '@hutong/common/remote';
import { parse, type ExecutionResult } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { composeSupergraph } from '../../compose.js';
import type { DataText } from '../../federated-graph.js';
import { PlannedGraph } from '../../planned-graph.js';

// The memory of what a subgraph has answered is used for another answer: what somebody still needs of it must not change.

const LENGTH = 20_000;
const TOGETHER_MS = 50;
const SDL = { letters: 'type Query { many(of: ID!): String! }', doors: 'type Query { opened(by: ID!): String! }' };

/** Variables of a request to a subgraph. */
interface Asked {
  of?: string | undefined;
  by?: string | undefined;
}

let asked: string[] = [];
let door = Promise.withResolvers<void>();
const answers: Record<keyof typeof SDL, (variables: Asked) => Promise<object>> = {
  async letters({ of = '' }) {
    asked.push(of);
    // Equal queries meet here.
    await delay(TOGETHER_MS);
    return { many: of.repeat(LENGTH) };
  },
  async doors({ by = '' }) {
    if (by === 'who waits') await door.promise;
    return { opened: by };
  },
};

const servers: Server[] = [];
const connections = new Map<string, RemoteConnection>();
let graph: PlannedGraph;
beforeAll(async () => {
  for (const [name, answer] of Object.entries(answers)) {
    const respond = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { variables } = (await json(request)) as { variables: Asked };
      response.end(JSON.stringify({ data: await answer(variables) }));
    };
    const server = createServer((request, response) => void respond(request, response));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    servers.push(server);
    connections.set(name, new RemoteConnection({ name, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, secret: 'a secret of this test', log: silentLog }));
  }
  const supergraphSdl = await composeSupergraph(Object.entries(SDL).map(([name, sdl]) => ({ name, sdl })));
  graph = new PlannedGraph({ supergraphSdl, connections, executor: 'compiled', subgraphTimeoutMs: 10_000, responseBytes: 1_000_000, log: silentLog });
});
afterAll(async () => {
  for (const connection of connections.values()) await connection.close();
  for (const server of servers) server.close();
});

const LETTERS = 'query ($of: ID!) { many(of: $of) }';
const WITH_DOOR = 'query ($of: ID!, $by: ID!) { many(of: $of) opened(by: $by) }';
async function write(text: string, variables: Asked, signal = new AbortController().signal): Promise<ExecutionResult | DataText> {
  return graph.write(await graph.plan({ text, document: parse(text) }), { ...variables }, { caller: anonymous, origin: 'client', requestId: 'r', signal });
}
const written = async (text: string, variables: Asked): Promise<string> => ((await write(text, variables)) as DataText).json;
const lettersOf = (of: string): string => `{"many":"${of.repeat(LENGTH)}"}`;
const withDoorOf = (of: string, by: string): string => `${lettersOf(of).slice(0, -1)},"opened":"${by}"}`;

test('what a subgraph has answered is given back when the answer is written', async () => {
  await written(LETTERS, { of: 'a' });
  const before = bufferPool.bytes;
  expect(await written(LETTERS, { of: 'b' })).toBe(lettersOf('b'));
  // The answer has the memory of one body, and the body that it was made of has left its own.
  expect(bufferPool.bytes).toBe(before);
  expect(bufferPool.bytes).toBeGreaterThanOrEqual(LENGTH);
});

test.each([
  ['of one operation', WITH_DOOR, 'who comes first', withDoorOf('x', 'who comes first')],
  ['of two operations', LETTERS, undefined, lettersOf('x')],
])('what requests %s share is as it came until the last of them has written its answer', async (_which, text, by, expected) => {
  asked = [];
  door = Promise.withResolvers();
  const [first, last] = [written(text, { of: 'x', by }), written(WITH_DOOR, { of: 'x', by: 'who waits' })];
  expect(await first).toBe(expected);
  expect(asked).toEqual(['x']);
  for (const of of 'yzuvw') expect(await written(LETTERS, { of })).toBe(lettersOf(of));
  door.resolve();
  expect(await last).toBe(withDoorOf('x', 'who waits'));
});

test('what is answered to a request that was given up changes no other answer', async () => {
  door = Promise.withResolvers();
  const stop = new AbortController();
  const stopped = write(WITH_DOOR, { of: 'x', by: 'who waits' }, stop.signal);
  await delay(2 * TOGETHER_MS);
  stop.abort(new Error('the caller has gone'));
  await stopped;
  door.resolve();
  expect(await Promise.all([...'abcdef'].map((of) => written(LETTERS, { of })))).toEqual([...'abcdef'].map(lettersOf));
});
