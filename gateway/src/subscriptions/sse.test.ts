import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';
import { until } from '../testkit/test-socket.js';
import { TestEventStream } from '../testkit/test-event-stream.js';

const VISITED = 'subscription { visited { id person { things { label } } } }';

let gateway: TestGateway;
let streams: TestEventStream[];
beforeEach(async () => {
  gateway = await testGateway();
  streams = [];
});
afterEach(async () => {
  for (const stream of streams) stream.end();
  await gateway.stop();
});

async function open(query: string, { credential = gateway.subgraphs.credential('alice'), variables = {} }: { credential?: string; variables?: Record<string, unknown> } = {}): Promise<TestEventStream> {
  const stream = await TestEventStream.open(gateway.url, { query, variables }, { authorization: `Bearer ${credential}` });
  streams.push(stream);
  return stream;
}

const listening = () => until(() => gateway.subgraphs.visitors > 0);

test('a subscription is a stream of events, each joined', async () => {
  const stream = await open(VISITED);
  await listening();
  gateway.subgraphs.visit('1');
  gateway.subgraphs.visit('2');
  expect([stream.status, stream.headers.get('content-type'), stream.headers.get('cache-control')]).toEqual([200, 'text/event-stream; charset=utf-8', 'no-store']);
  expect(await stream.next(2)).toEqual([
    { data: { visited: { id: '1', person: { things: [{ label: 'thing 0' }] } } } },
    { data: { visited: { id: '2', person: { things: [{ label: 'thing 1' }] } } } },
  ]);
});

test('begins behind "after", and its source ends when the client goes', async () => {
  for (let visit = 0; visit < 3; visit++) gateway.subgraphs.visit('1');
  const stream = await open('subscription ($after: ID) { visited(after: $after) { id } }', { variables: { after: '1' } });
  expect(await stream.next(2)).toEqual([{ data: { visited: { id: '2' } } }, { data: { visited: { id: '3' } } }]);
  stream.end();
  await until(() => gateway.subgraphs.visitors === 0);
});

test('a query is one event, and then complete', async () => {
  const stream = await open('{ me { name } }');
  expect(await stream.completed()).toBe(true);
  expect(await stream.next(1)).toEqual([{ data: { me: { name: 'alice' } } }]);
});

describe('a request is refused with a status of its own', () => {
  const ask = (body: unknown, headers: Record<string, string> = {}) =>
    gateway.request('/graphql', { method: 'POST', headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers }, body: JSON.stringify(body) });

  test.each([
    ['without a credential', VISITED, 401, 'UNAUTHENTICATED'],
    ['for what the schema does not have', 'subscription { nothing }', 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['for what is no GraphQL', 'subscription {', 400, 'GRAPHQL_PARSE_FAILED'],
    ['for more than a limit allows', `subscription { visited { ${Array.from({ length: 16 }, (_, index) => `a${index}: id`).join(' ')} } }`, 413, 'LIMIT_EXCEEDED'],
    ['for what is too long', `subscription { visited { id } } #${'x'.repeat(15_000)}`, 413, 'LIMIT_EXCEEDED'],
    ['without a query', undefined, 400, 'BAD_INPUT'],
  ])('%s', async (_, query, status, code) => {
    const answer = await ask({ query });
    expect([answer.status, answer.errors[0]!.extensions.code]).toEqual([status, code]);
    expect(gateway.subgraphs.opened).toBe(0);
  });

  test('with a credential that is not good', async () => {
    const answer = await ask({ query: VISITED }, { token: 'nobody' });
    expect([answer.status, answer.errors[0]!.extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('by a form, which another page could send', async () => {
    expect((await ask({ query: VISITED }, { 'content-type': 'text/plain' })).status).toBe(415);
  });
});

describe('the stream ends', () => {
  test('with an error that says why when the credential is revoked', async () => {
    const credential = gateway.subgraphs.credential('alice');
    const stream = await open(VISITED, { credential });
    await listening();
    gateway.subgraphs.revoke(credential);
    expect(await stream.completed()).toBe(true);
    expect(await stream.next(1)).toMatchObject([{ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] }]);
    await until(() => gateway.subgraphs.visitors === 0);
  });

  test('with an error that tells nothing of the inside when the subgraph breaks down', async () => {
    const stream = await open(VISITED);
    await listening();
    gateway.subgraphs.breakVisits();
    expect(await stream.completed()).toBe(true);
    expect(await stream.next(1)).toMatchObject([{ errors: [{ extensions: { code: 'SUBGRAPH_UNAVAILABLE' } }] }]);
    expect(stream.text).not.toContain('swordfish');
  });

  test('complete, at once, when the gateway stops', async () => {
    const stopping = await testGateway();
    const stream = await TestEventStream.open(stopping.url, { query: VISITED }, { token: stopping.subgraphs.credential('alice') });
    await until(() => stopping.subgraphs.visitors > 0);
    await stopping.stop();
    expect(await stream.completed()).toBe(true);
    expect(await stream.next(0)).toEqual([]);
  });
});
