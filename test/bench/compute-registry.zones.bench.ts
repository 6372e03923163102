import type { Benchmark } from './benchmark.js';
import { fillRegistry, REGIONS, withRegistry, type RegistrySize, type RegistryWorld } from './compute-registry.world.js';
import { quantile, timings } from './statistics.js';

const LARGE: RegistrySize = { resources: 1_000_000, organizations: 500, identifiers: 10 };
const SMALL: RegistrySize = { resources: 1_000, organizations: 50, identifiers: 10 };
const ROUNDS = 5;
const CALLS = 300;
const WARM = 100;
const TARGET = 2;

/** The requests an old client sends: all zones, those of a city, those of a type. */
const QUERIES = ['', `&region=${REGIONS[0]}`, '&resource_type=401'];

async function list({ root }: RegistryWorld, n: number): Promise<void> {
  const { body } = await root.interconnect('GET', `computing_resources/?page=1&page_size=100${QUERIES[n % QUERIES.length]}`);
  if (body.code !== 0 || body.data.results.length === 0) throw new Error(`the list of zones answered ${JSON.stringify(body).slice(0, 200)}`);
}

const zones: Benchmark = {
  name: 'GET computing_resources with 1,000,000 resources: p99',
  target: '≤ 2 × the same request with 1,000 resources',
  meets: (ratio) => ratio <= TARGET,
  run: () =>
    withRegistry((large) =>
      withRegistry(async (small) => {
        await fillRegistry(large.database, LARGE);
        await fillRegistry(small.database, SMALL);
        for (const world of [large, small]) await timings(WARM, (n) => list(world, n));
        const p99Ms: Record<'large' | 'small', number[]> = { large: [], small: [] };
        for (let round = 0; round < ROUNDS; round += 1) {
          p99Ms.large.push(quantile(await timings(CALLS, (n) => list(large, n)), 0.99));
          p99Ms.small.push(quantile(await timings(CALLS, (n) => list(small, n)), 0.99));
        }
        return { ratio: p99Ms.large.map((value, round) => value / p99Ms.small[round]!), detail: { p99Ms } };
      }),
    ),
};

export const benchmarks: Benchmark[] = [zones];
