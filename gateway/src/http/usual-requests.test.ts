import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpRequests, operations } from '../telemetry/activities.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await testGateway();
});
afterAll(() => gateway.stop());

const BODY = '{"query":"{ people { nodes { id } } }"}';

/** The status of a request whose body begins to come after its head, and ends after its beginning. */
async function sentInParts(path: string): Promise<number | undefined> {
  const sent = request(gateway.url + path, { method: 'POST', headers: { 'content-type': 'application/json', 'content-length': BODY.length, connection: 'close' } });
  sent.flushHeaders();
  await delay(20);
  sent.write(BODY.slice(0, 9));
  await delay(20);
  sent.end(BODY.slice(9));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

test.each([
  ['in the usual form', '/graphql'],
  ['in another', '/graphql?other'],
])('an operation happens within the request that it came with, %s, for the first time or again', async (_form, path) => {
  const present = new AsyncLocalStorage<string>();
  const within: (string | undefined)[] = [];
  const stops = [httpRequests.bind(present, ({ details }) => details.url), operations.onStart(() => within.push(present.getStore()))];
  for (let time = 0; time < 2; time += 1) expect(await sentInParts(path)).toBe(200);
  await gateway.request(path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: BODY });
  for (const stop of stops) stop();
  expect(within).toEqual([path, path, path]);
});

const head = (...more: string[]): string => ['POST /graphql HTTP/1.1', 'host: gateway', 'content-type: application/json', ...more].map((line) => `${line}\r\n`).join('');
const connected = () => connect(Number(new URL(gateway.url).port), '127.0.0.1');

test('who goes away in the middle of a body is let go, and nothing is run', async () => {
  const [over, begun] = [Promise.withResolvers<boolean>(), Promise.withResolvers<void>()];
  let ran = 0;
  const stops = [httpRequests.onStart(() => begun.resolve()), httpRequests.onEnd(({ details: { response } }) => over.resolve(response.writableFinished)), operations.onStart(() => (ran += 1))];
  const socket = connected();
  socket.write(`${head(`content-length: ${BODY.length}`)}\r\n${BODY.slice(0, 9)}`);
  await begun.promise;
  socket.destroy();
  expect(await over.promise).toBe(false);
  for (const stop of stops) stop();
  expect(ran).toBe(0);
});

test('requests that come at once over one connection are answered in their order, whatever their form', async () => {
  const socket = connected();
  const chunked = `${head('transfer-encoding: chunked')}\r\n${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`;
  const broken = `${head('content-length: 1', 'x-request-id: second')}\r\n{`;
  socket.write(`${head(`content-length: ${BODY.length}`, 'x-request-id: first')}\r\n${BODY}${broken}${chunked.replace('host', 'x-request-id: third\r\nhost')}`);
  socket.write(`${head(`content-length: ${BODY.length}`, 'x-request-id: fourth', 'expect: 100-continue', 'connection: close')}\r\n${BODY}`);
  let text = '';
  for await (const chunk of socket) text += String(chunk);
  const answers = [...text.matchAll(/HTTP\/1\.1 (\d+)|x-request-id: (\w+)/gi)].map(([, status, id]) => status ?? id);
  expect(answers).toEqual(['200', 'first', '400', 'second', '200', 'third', '100', '200', 'fourth']);
});
