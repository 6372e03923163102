import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';
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
