import { AggregatorRegistry, Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { Durations } from './durations.js';

const NAME = 'test_duration_seconds';
const HELP = 'Of this test';
const BOUNDS = [0.1, 1];
const SEEN = [
  [0.1, 'one', 'ok'],
  [0.05, 'one', 'ok'],
  [0.5, 'one', 'BAD_INPUT'],
  [1.5, 'two', 'ok'],
] as const;

function counted(): { ours: Registry; theirs: Registry } {
  const [ours, theirs] = [new Registry(), new Registry()];
  const durations = new Durations({ name: NAME, help: HELP, bounds: BOUNDS, labelNames: ['subgraph', 'outcome'] });
  durations.register(ours);
  const histogram = new Histogram({ name: NAME, help: HELP, buckets: BOUNDS, labelNames: ['subgraph', 'outcome'], registers: [theirs] });
  for (const [seconds, subgraph, outcome] of SEEN) {
    durations.observe(seconds, subgraph, outcome);
    histogram.observe({ subgraph, outcome }, seconds);
  }
  return { ours, theirs };
}

test('it is told as a histogram of prom-client is, line by line', async () => {
  const { ours, theirs } = counted();
  expect(await ours.metrics()).toContain(`${NAME}_bucket{le="0.1",subgraph="one",outcome="ok"} 2`);
  expect(await ours.metrics()).toBe(await theirs.metrics());
});

test('that of several processes is added up as one of prom-client is', async () => {
  const [one, other] = [counted(), counted()];
  const together = async (registries: Registry[]): Promise<string> => AggregatorRegistry.aggregate(await Promise.all(registries.map((registry) => registry.getMetricsAsJSON()))).metrics();
  const told = await together([one.ours, other.ours]);
  expect(told).toContain(`${NAME}_count{subgraph="two",outcome="ok"} 2`);
  expect(told.split('\n').toSorted()).toEqual((await together([one.theirs, other.theirs])).split('\n').toSorted());
});

test('without labels it is there before anything happens', async () => {
  const registry = new Registry();
  new Durations({ name: NAME, help: HELP, bounds: BOUNDS, labelNames: [] }).register(registry);
  expect(await registry.metrics()).toContain(`${NAME}_count 0`);
});
