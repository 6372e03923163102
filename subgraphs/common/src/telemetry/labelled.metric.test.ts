import { AggregatorRegistry, Counter, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Counts } from './counts.metric.js';
import { Durations } from './durations.metric.js';

const DURATIONS = { name: 'test_duration_seconds', help: 'Durations of this test', labelNames: ['subgraph', 'outcome'] } as const;
const COUNTS = { name: 'test_total', help: 'Counts of this test', labelNames: ['subgraph', 'outcome'] } as const;
const BOUNDS = [0.1, 1];
const SEEN = [
  [0.1, 'one', 'ok'],
  [0.05, 'one', 'ok'],
  [0.5, 'one', 'BAD_INPUT'],
  [1.5, 'two', 'ok'],
] as const;

/** The same counted by ours, and by those of prom-client. */
function counted(): { ours: Registry; theirs: Registry } {
  const [ours, theirs] = [new Registry(), new Registry()];
  const durations = new Durations({ ...DURATIONS, bounds: BOUNDS });
  const counts = new Counts(COUNTS);
  durations.register(ours);
  counts.register(ours);
  const histogram = new Histogram({ ...DURATIONS, buckets: BOUNDS, registers: [theirs] });
  const counter = new Counter({ ...COUNTS, registers: [theirs] });
  for (const [seconds, subgraph, outcome] of SEEN) {
    durations.observe(seconds, subgraph, outcome);
    histogram.observe({ subgraph, outcome }, seconds);
    counts.inc(subgraph, outcome);
    counter.inc({ subgraph, outcome });
  }
  counts.add(3, 'two', 'ok');
  counter.inc({ subgraph: 'two', outcome: 'ok' }, 3);
  return { ours, theirs };
}

test('they are told as those of prom-client are, line by line', async () => {
  const { ours, theirs } = counted();
  const text = await ours.metrics();
  expect(text).toContain('test_duration_seconds_bucket{le="0.1",subgraph="one",outcome="ok"} 2');
  expect(text).toContain('test_total{subgraph="two",outcome="ok"} 4');
  expect(text).toBe(await theirs.metrics());
});

test('those of several processes are added up as those of prom-client are', async () => {
  const [one, other] = [counted(), counted()];
  const together = async (registries: Registry[]): Promise<string> => AggregatorRegistry.aggregate(await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).metrics();
  const told = await together([one.ours, other.ours]);
  expect(told).toContain('test_duration_seconds_count{subgraph="two",outcome="ok"} 2');
  expect(told).toContain('test_total{subgraph="two",outcome="ok"} 8');
  expect(told.split('\n').toSorted()).toEqual((await together([one.theirs, other.theirs])).split('\n').toSorted());
});

test('without labels they are there before anything happens', async () => {
  const registry = new Registry();
  new Durations({ ...DURATIONS, labelNames: [], bounds: BOUNDS }).register(registry);
  new Counts({ ...COUNTS, labelNames: [] }).register(registry);
  const text = await registry.metrics();
  expect(text).toContain('test_duration_seconds_count 0');
  expect(text).toContain('test_total 0');
});
