import type { IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { httpServer, type TestHttpServer } from '../testkit/http-server.js';
import { subgraphFetches, subgraphRequests } from './activities.js';
import type { SamplerName } from './environment.js';
import { traceHeaders, traceIds } from './trace-context.js';
import { Tracing } from './tracing.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
}

const spans: Span[] = [];
let collector: TestHttpServer;
beforeAll(async () => {
  collector = await httpServer((request, response) => void taken(request).then(() => response.writeHead(200, { 'content-type': 'application/json' }).end('{}')));
});
afterAll(() => collector.stop());

async function taken(request: IncomingMessage): Promise<void> {
  const { resourceSpans } = (await json(request)) as { resourceSpans: { scopeSpans: { spans: Span[] }[] }[] };
  spans.push(...resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans)));
}

/** What the fetches of one request tell the subgraphs of its trace, and which spans are sent. */
async function traced(sampler: SamplerName, traceparent?: string) {
  const tracing = new Tracing({ endpoint: collector.url, serviceName: undefined, sampler, ratio: 1 }, 'test');
  spans.length = 0;
  const fetch = (subgraph: string) => subgraphFetches.run({ subgraph, origin: 'client', requestId: 'r-1' }, async () => ({ data: null, headers: traceHeaders().fields, ids: traceIds() }));
  const asked = await subgraphRequests.run({ subgraph: 'asked', requestId: 'r-1', traceparent }, async () => {
    const fetches = await Promise.all([fetch('one'), fetch('two')]);
    return { status: 200, result: {}, told: fetches.map(({ headers }) => headers.traceparent!), ids: fetches.map(({ ids }) => ids) };
  });
  await tracing.stop();
  return { told: asked.told, ids: asked.ids, sent: [...spans] };
}

test('each fetch of a recorded trace is told to its subgraph as a span of its own, below that of the request', async () => {
  const { told, sent } = await traced('parentbased_always_on', `00-${TRACE}-${PARENT}-01`);
  const named = (name: string): Span => sent.find((span) => span.name === name)!;
  expect(told).toEqual(['one', 'two'].map((name) => `00-${TRACE}-${named(`fetch ${name}`).spanId}-01`));
  expect(['fetch one', 'fetch two'].map((name) => named(name).parentSpanId)).toEqual(Array(2).fill(named('answer asked').spanId));
  expect(named('answer asked').parentSpanId).toBe(PARENT);
});

test.each(['always_off', 'parentbased_always_on'] as const)('of a trace that is not recorded, by %s, subgraphs are told that it is not', async (sampler) => {
  const { told, ids, sent } = await traced(sampler, `00-${TRACE}-${PARENT}-00`);
  expect(sent).toEqual([]);
  for (const header of told) expect(header).toMatch(new RegExp(`^00-${TRACE}-(?!${PARENT})[0-9a-f]{16}-00$`));
  expect(ids[0]).toEqual({ traceId: TRACE, spanId: told[0]!.split('-')[2] });
  expect(ids[0]).not.toBe(ids[1]);
});

test('one sampler of all spans records within a trace of others that is not', async () => {
  const { told, sent } = await traced('always_on', `00-${TRACE}-${PARENT}-00`);
  expect(sent).toHaveLength(3);
  for (const header of told) expect(header).toMatch(new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
});

test('a trace begins where nobody has begun one', async () => {
  const { told } = await traced('always_off');
  expect(told[0]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  expect(new Set(told)).toHaveLength(1);
});

test('outside of everything that is followed there is no trace', async () => {
  const tracing = new Tracing({ endpoint: 'http://127.0.0.1:1', serviceName: undefined, sampler: 'always_off', ratio: 1 }, 'test');
  expect(traceHeaders().fields).toEqual({});
  expect(traceIds()).toEqual({});
  await tracing.stop();
});
