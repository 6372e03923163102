import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interconnectWorld, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { startOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../testkit/otlp-receiver.js';
import { ADMIN_PASSWORD, MODE } from '../testkit/platform.js';
import { until } from '../testkit/processes.js';
import { subscribe } from '../testkit/subscription.js';

const METRICS_TOKEN = 'the token of who asks for metrics';

let receiver: OtlpReceiver;
let world: InterconnectWorld;
beforeAll(async () => {
  receiver = await startOtlpReceiver();
  const environment = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, LOG_LEVEL: 'debug', METRICS_TOKEN };
  world = await interconnectWorld({ environment });
});
afterAll(async () => {
  await world?.platform.dispose();
  await receiver?.stop();
});

/** A request with an id and a trace of its own. */
function ask(requestId: string, traceparent: string, query: string, { credential = world.alice.credential!, search = '' } = {}): Promise<Response> {
  return fetch(`${world.platform.url}/graphql${search}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-request-id': requestId, traceparent, authorization: `Bearer ${credential}` },
    body: JSON.stringify({ query }),
  });
}

async function metricsOf(url: string, token = METRICS_TOKEN): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${token}` } });
  expect(response.status).toBe(200);
  return response.text();
}

/** Lines that were printed with this request's id; of a split platform each begins with the name of its process. */
const linesOf = (requestId: string): { process: string; line: Record<string, unknown> }[] =>
  [...world.platform.output().matchAll(/^(?:\[([\w-]+)\] )?(\{.*\})$/gm)]
    .map(([, process = 'gateway', text]) => ({ process, line: JSON.parse(text!) as Record<string, unknown> }))
    .filter(({ line }) => line.requestId === requestId);

describe('traces', () => {
  test('a request is one trace, from the client’s own span through the gateway to each subgraph', async () => {
    const trace = '0af7651916cd43dd8448eb211c80319c';
    await (await ask('traced-1', `00-${trace}-b7ad6b7169203331-01`, 'query Everything { me { username } tasks(first: 1) { totalCount } }')).json();
    const spans = (): ReceivedSpan[] => receiver.spans.filter(({ traceId }) => traceId === trace);
    const named = (name: string) => spans().find((span) => span.name === name)!;
    const wanted = ['POST', 'graphql.parse', 'graphql.validate', 'query', 'graphql.plan', 'fetch machines', 'fetch scheduling', ...(MODE === 'split' ? ['answer machines', 'answer scheduling'] : [])];
    await until('the spans', () => wanted.every((name) => named(name)));
    expect(named('POST').parentSpanId).toBe('b7ad6b7169203331');
    expect(named('POST').attributes).toMatchObject({ 'http.route': '/graphql', 'http.response.status_code': '200', 'hutong.request_id': 'traced-1' });
    expect(named('query').parentSpanId).toBe(named('POST').spanId);
    expect(named('query').attributes).toMatchObject({ 'graphql.operation.type': 'query', 'graphql.operation.name': 'Everything' });
    expect(named('graphql.plan').parentSpanId).toBe(named('query').spanId);
    expect(named('fetch scheduling').parentSpanId).toBe(named('query').spanId);
    expect(named('fetch scheduling').service).toBe('hutong-gateway');
    if (MODE !== 'split') return;
    expect(named('answer scheduling').parentSpanId).toBe(named('fetch scheduling').spanId);
    expect(named('answer scheduling').service).toBe('hutong-scheduling');
  });

  test('so is one for an operation that was planned before', async () => {
    const trace = '3af7651916cd43dd8448eb211c80319c';
    const span = (name: string): ReceivedSpan | undefined => receiver.spans.find((found) => found.traceId === trace && found.name === name);
    for (const [id, traceparent] of [['traced-3', ''], ['traced-4', `00-${trace}-b7ad6b7169203331-01`]] as const) await (await ask(id, traceparent, '{ me { id username } }')).json();
    await until('the spans', () => span('POST') !== undefined && span('query') !== undefined && span('fetch machines') !== undefined);
    expect(span('POST')!.parentSpanId).toBe('b7ad6b7169203331');
    expect(span('query')!.parentSpanId).toBe(span('POST')!.spanId);
    expect(span('fetch machines')!.parentSpanId).toBe(span('query')!.spanId);
    expect(span('graphql.plan')).toBeUndefined();
  });

  test('an error is recorded by its code, and a legacy request by its operation', async () => {
    const trace = '1af7651916cd43dd8448eb211c80319c';
    await (await ask('traced-2', `00-${trace}-b7ad6b7169203331-01`, '{ tasks(first: 90000) { nodes { id } } }')).json();
    const failed = () => receiver.spans.find(({ traceId, name }) => traceId === trace && name === 'query');
    await until('the failed span', () => failed() !== undefined);
    expect(failed()).toMatchObject({ failed: true, attributes: { 'error.type': 'LIMIT_EXCEEDED' } });
    await world.alice.interconnect('GET', 'zones/');
    await until('the span of the contract', () => receiver.spans.some(({ attributes }) => attributes['hutong.contract'] === 'interconnect'));
    expect(receiver.spans.some(({ attributes }) => attributes['hutong.transport'] === 'stored')).toBe(true);
  });
});

describe('metrics', () => {
  test('they need their token', async () => {
    expect((await fetch(`${world.platform.url}/metrics`)).status).toBe(401);
    expect((await fetch(`${world.platform.url}/metrics`, { headers: { authorization: 'Bearer another' } })).status).toBe(401);
    if (MODE === 'split') expect((await fetch(`${world.platform.urlOf('scheduling')}/metrics`)).status).toBe(401);
  });

  test('they tell of requests, operations, fetches, subscriptions and the database', async () => {
    const events = await subscribe(world.alice, 'subscription { taskChanged { id } }');
    await world.offered();
    await world.alice.graph('{ tasks(first: 90000) { nodes { id } } }');
    await events.until(1);
    const text = await metricsOf(world.platform.url);
    expect(text).toMatch(/http_server_request_duration_seconds_count\{method="POST",contract="interconnect",route="\/api\/v1\/computing_ids",status="2xx"\} [1-9]/);
    expect(text).toMatch(/hutong_graphql_operations_total\{kind="query",transport="http",outcome="LIMIT_EXCEEDED"\} [1-9]/);
    expect(text).toMatch(/hutong_limit_hits_total\{limit="cost"\} [1-9]/);
    expect(text).toMatch(/hutong_graphql_operations_total\{kind="mutation",transport="stored",outcome="ok"\} [1-9]/);
    expect(text).toMatch(/hutong_subgraph_fetch_duration_seconds_count\{subgraph="scheduling",outcome="ok"\} [1-9]/);
    expect(text).toMatch(/hutong_subscriptions_active\{transport="websocket"\} 1/);
    expect(text).toMatch(/hutong_subscription_events_total\{transport="websocket"\} [1-9]/);
    expect(text).toMatch(/hutong_websockets_active 1/);
    await events.end();
    await until('the end of the subscription', async () => /hutong_subscriptions_active\{transport="websocket"\} 0/.test(await metricsOf(world.platform.url)));
    const database = MODE === 'split' ? await metricsOf(world.platform.urlOf('scheduling')) : text;
    expect(database).toMatch(/hutong_database_pool_connections\{subgraph="scheduling",state="idle"\} \d/);
    expect(database).toMatch(/hutong_event_log_events_total\{subgraph="scheduling"\} [1-9]/);
    if (MODE !== 'split') return;
    expect(database).toMatch(/hutong_subgraph_request_duration_seconds_count\{subgraph="scheduling",status="200"\} [1-9]/);
    expect(text).toMatch(/hutong_subgraph_circuit_breaker_state\{subgraph="scheduling",state="closed"\} 1/);
  });

  test('nothing that a client makes up becomes a label', async () => {
    for (const path of ['/made-up-path', '/api/v1/made-up-path', '/playground/made-up-path']) await fetch(world.platform.url + path, { method: 'PROPFIND' });
    await ask('made-up-id', '', 'query MadeUpName { me { id } madeUpField }');
    const text = await metricsOf(world.platform.url);
    expect(text).not.toMatch(/made-?up|PROPFIND|alice/i);
    expect(text).toContain('route="other"');
  });
});

/** The gateway's line about a request that is over. */
const requestLines = (requestId: string): Record<string, unknown>[] =>
  linesOf(requestId).filter(({ process, line }) => process === 'gateway' && line.msg === 'request').map(({ line }) => line);

describe('the log', () => {
  test('has one line for a request, with its route, status, time, bytes and user, and the trace it belongs to', async () => {
    const trace = '2af7651916cd43dd8448eb211c80319c';
    await (await ask('logged-1', `00-${trace}-b7ad6b7169203331-01`, '{ me { username } }')).json();
    await until('the line', () => requestLines('logged-1').length > 0);
    const [line, ...more] = requestLines('logged-1');
    expect(more).toEqual([]);
    expect(line).toMatchObject({ level: 20, method: 'POST', route: '/graphql', status: 200, userId: world.alice.userId, traceId: trace });
    expect(line!.ms).toBeGreaterThan(0);
    expect(line!.bytes).toBeGreaterThan(100);
  });

  test('tells of a refused request at level info', async () => {
    await ask('logged-2', '', '{ me { username } }', { credential: 'not-a-credential' });
    await until('the line', () => requestLines('logged-2').length > 0);
    expect(requestLines('logged-2')[0]).toMatchObject({ level: 30, status: 401 });
  });

  test.runIf(MODE === 'split')('has the same request id in the lines of the subgraphs', async () => {
    await (await ask('logged-3', '', '{ tasks(first: 1) { totalCount } }')).json();
    await until('both lines', () => new Set(linesOf('logged-3').map(({ process }) => process)).size === 2);
    expect(linesOf('logged-3').map(({ process }) => process)).toContain('scheduling');
  });

  test('holds no credential, no password and no query string; nor do traces', async () => {
    const { alice, platform } = world;
    await fetch(`${platform.url}/api/ticket?password=${encodeURIComponent(ADMIN_PASSWORD)}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'admin', password: ADMIN_PASSWORD }) });
    await fetch(`${platform.url}/api/ticket`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ username: 'admin', password: 'a wrong password' }) });
    await alice.graph('mutation LogIn($password: String!) { logIn(input: { username: "admin", password: $password }) { ticket } }', { password: ADMIN_PASSWORD });
    await (await ask('logged-4', '', '{ me { username } }', { search: '?secret=in-the-query-string' })).json();
    await until('the line', () => requestLines('logged-4').length > 0);
    for (const secret of [alice.credential!, ADMIN_PASSWORD, 'a wrong password', 'in-the-query-string', METRICS_TOKEN]) {
      expect(platform.output()).not.toContain(secret);
      expect(receiver.text()).not.toContain(secret);
    }
    expect(receiver.text()).not.toContain('alice');
  });
});
