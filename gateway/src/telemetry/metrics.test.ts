import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startTelemetry, type Telemetry } from '@hutong/common/telemetry';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countGateway } from './gateway.metrics.js';
import { testGateway, type TestGateway } from '../testkit/test-gateway.js';

let telemetry: Telemetry;
let gateway: TestGateway;
beforeAll(async () => {
  telemetry = await startTelemetry({ metrics: true, metricsToken: undefined, traces: undefined }, 'test');
  countGateway(telemetry.metrics!);
  gateway = await testGateway();
});
afterAll(async () => {
  await gateway.stop();
  await telemetry.stop();
});

/** The value of a metric with labels, given as they are printed. */
async function valueOf(metric: string): Promise<number> {
  const line = (await telemetry.metrics!.text()).split('\n').find((text) => text.startsWith(`${metric} `));
  return line === undefined ? 0 : Number(line.slice(metric.length + 1));
}

test('the README lists every metric with its labels, and no other', async () => {
  const readme = await readFile(join(import.meta.dirname, '../../README.md'), 'utf8');
  const listed = [...readme.matchAll(/^\| `((?:http|hutong)_\w+)` \|([^|]*)\|/gm)].map(([, name, labels]) => `${name} ${labels!.trim()}`.trim());
  const counted = telemetry
    .metrics!.registry.getMetricsAsArray()
    .filter(({ name }) => !/^(?:process|nodejs)_/.test(name))
    .map((metric) => `${metric.name} ${(metric as unknown as { labelNames: string[] }).labelNames.join(', ')}`.trim());
  expect(counted.length).toBeGreaterThan(20);
  expect(listed.toSorted()).toEqual(counted.toSorted());
});

test('Node’s own metrics tell of the delay of the event loop, of garbage collection and of the process', async () => {
  const text = await telemetry.metrics!.text();
  for (const name of ['nodejs_eventloop_lag_p99_seconds', 'nodejs_gc_duration_seconds', 'process_resident_memory_bytes']) expect(text).toContain(`# TYPE ${name} `);
});

test('an operation that was planned before is a hit, and is not planned again', async () => {
  const query = '{ plannedTwice: __typename }';
  await gateway.ask(query);
  const [hits, planned] = [await valueOf('hutong_query_plan_cache_lookups_total{result="hit"}'), await valueOf('hutong_query_planning_duration_seconds_count')];
  await gateway.ask(query);
  expect(await valueOf('hutong_query_plan_cache_lookups_total{result="hit"}')).toBe(hits + 1);
  expect(await valueOf('hutong_query_planning_duration_seconds_count')).toBe(planned);
});

test.each([
  ['a document that is not GraphQL', '{', 'unknown', 'GRAPHQL_PARSE_FAILED'],
  ['one that does not fit the schema', '{ nothing }', 'query', 'GRAPHQL_VALIDATION_FAILED'],
  ['one that is answered', '{ __typename }', 'query', 'ok'],
])('%s counts once, by what came of it', async (_, query, kind, outcome) => {
  const metric = `hutong_graphql_operations_total{kind="${kind}",transport="http",outcome="${outcome}"}`;
  const before = await valueOf(metric);
  await gateway.ask(query);
  expect(await valueOf(metric)).toBe(before + 1);
});

test('a request that is refused before it is an operation counts by its code, and a limit by its name', async () => {
  const refused = await valueOf('hutong_graphql_errors_total{code="UNAUTHENTICATED"}');
  await gateway.ask('{ __typename }', { headers: { authorization: 'Bearer nobody' } });
  expect(await valueOf('hutong_graphql_errors_total{code="UNAUTHENTICATED"}')).toBe(refused + 1);
  await gateway.ask(`{ ${'x'.repeat(20_000)} }`);
  expect(await valueOf('hutong_limit_hits_total{limit="document length"}')).toBe(1);
});

test('a subgraph that has gone counts as a failed fetch, by its code', async () => {
  const connection = gateway.connections.get('people')!;
  gateway.connections.delete('people');
  const { errors } = await gateway.ask('{ person(id: "1") { name } }');
  gateway.connections.set('people', connection);
  expect(errors[0]?.extensions.code).toBe('SUBGRAPH_UNAVAILABLE');
  expect(await valueOf('hutong_subgraph_fetch_duration_seconds_count{subgraph="people",outcome="SUBGRAPH_UNAVAILABLE"}')).toBe(1);
  expect(await valueOf('hutong_subgraph_fetches_in_flight{subgraph="people"}')).toBe(0);
});
