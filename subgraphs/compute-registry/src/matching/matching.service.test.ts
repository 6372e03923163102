import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifier, report, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

interface Known {
  id: string;
  organization: string;
  region: string;
  resourceType: string;
  gpuModel: string;
  gpuAvailable: number;
  cpuAvailable: number;
  gpuMemory: number;
  gpuPerformance: number;
  cpuPerformance: number;
  networkPerformance: number;
  powerConsumption: number;
  price: number | null;
  networkDelayMs: number;
  networkIsIxp: boolean;
}

let registry: TestRegistry;
let known: Known[];

const ORGANIZATIONS = ['20004', '20087', '20402'];
const REGIONS = ['1101', '3101', '3301'];
const TYPES = ['401', '402'];
const MODELS = ['RTX 4090', 'rtx 3080', 'A100 80%', '昇腾910B'];

beforeAll(async () => {
  registry = await testRegistry();
  const places = ORGANIZATIONS.flatMap((organization) => REGIONS.flatMap((region) => TYPES.map((resourceType) => ({ organization, region, resourceType }))));
  await registry.register(places.map((place) => identifier(place)));
  const pick = <T>(of: readonly T[], n: number): T => of[n % of.length]!;
  const rows = Array.from({ length: 400 }, (_, n) => {
    const h = (n * 2_654_435_761) >>> 8;
    return {
      place: pick(places, h),
      gpuModel: pick(MODELS, h >> 3),
      gpuAvailable: h % 9,
      cpuAvailable: (h >> 2) % 33,
      gpuMemory: pick([16, 24, 80], h >> 4),
      gpuPerformance: 1_000 * (1 + ((h >> 5) % 20)),
      cpuPerformance: 100 * (1 + ((h >> 6) % 10)),
      networkPerformance: pick([100, 1_000], h >> 7),
      powerConsumption: h % 700,
      price: h % 7 === 0 ? null : h % 50,
      networkDelayMs: ((h >> 1) % 40) / 4,
      networkIsIxp: h % 2 === 0,
      networkIps: `10.0.${n >> 8}.${n & 255}`,
    };
  });
  await registry.report(rows.map(({ place, ...row }) => report({ ...row, identifier: identifier(place) })));
  known = rows.map(({ place, ...row }, n) => ({ ...row, ...place, id: String(n + 1) }));
});
afterAll(() => registry.stop());

const MATCH = `query ($requirements: Requirements!, $first: Int, $explain: Boolean) { matchComputingResources(requirements: $requirements, first: $first, explain: $explain) {
  totalCount resources { id gpuModel price identifier { organization { name } region { name } } } explanation { requirement excludedAlone } alternatives } }`;
const match = (requirements: object, more: object = {}) => registry.ask(MATCH, { as: registry.member, variables: { requirements, ...more } });
const matched = async (requirements: object, more: object = {}) => {
  const { data, errors } = await match(requirements, more);
  expect(errors).toEqual([]);
  return data.matchComputingResources;
};

/** The contract's filters, said once more in the plainest way. */
const TESTS: Record<string, (one: Known, value: never) => boolean> = {
  organization: (one, values: string[]) => values.includes(one.organization),
  region: (one, values: string[]) => values.includes(one.region),
  resourceType: (one, values: string[]) => values.includes(one.resourceType),
  gpuModel: (one, part: string) => one.gpuModel.toLowerCase().includes(part.toLowerCase()),
  minGpuAvailable: (one, least: number) => one.gpuAvailable >= least,
  minCpuAvailable: (one, least: number) => one.cpuAvailable >= least,
  minGpuMemory: (one, least: number) => one.gpuMemory >= least,
  minGpuPerformance: (one, least: number) => one.gpuPerformance >= least,
  minCpuPerformance: (one, least: number) => one.cpuPerformance >= least,
  minNetworkPerformance: (one, least: number) => one.networkPerformance >= least,
  maxPrice: (one, most: number) => one.price !== null && one.price <= most,
  maxNetworkDelayMs: (one, most: number) => one.networkDelayMs <= most,
  maxPowerConsumption: (one, most: number) => one.powerConsumption <= most,
  networkIsIxp: (one, wanted: boolean) => one.networkIsIxp === wanted,
};
const meets = (one: Known, requirements: Record<string, unknown>, without?: string) =>
  Object.entries(requirements).every(([name, value]) => name === without || TESTS[name]!(one, value as never));
const nullLast = (price: number | null) => price ?? Number.POSITIVE_INFINITY;
const ORDERS: Record<string, (a: Known, b: Known) => number> = {
  PRICE: (a, b) => (nullLast(a.price) === nullLast(b.price) ? 0 : nullLast(a.price) - nullLast(b.price)),
  FREE_GPU: (a, b) => b.gpuAvailable - a.gpuAvailable,
  FREE_CPU: (a, b) => b.cpuAvailable - a.cpuAvailable,
  NETWORK_DELAY: (a, b) => a.networkDelayMs - b.networkDelayMs,
  PERFORMANCE: (a, b) => b.gpuPerformance - a.gpuPerformance || b.cpuPerformance - a.cpuPerformance,
  POWER: (a, b) => a.powerConsumption - b.powerConsumption,
};
const ranked = (some: Known[], orderBy: string[]) => {
  const orders = [...orderBy, 'PRICE', 'FREE_GPU', 'FREE_CPU', 'NETWORK_DELAY'].map((name) => ORDERS[name]!);
  return some.toSorted((a, b) => orders.reduce((result, order) => result || order(a, b), 0) || Number(a.id) - Number(b.id));
};

const someOf = (values: readonly string[]) => fc.subarray([...values], { minLength: 1 });
const requirements = fc.record(
  {
    organization: someOf(ORGANIZATIONS),
    region: someOf(REGIONS),
    resourceType: someOf(TYPES),
    gpuModel: fc.constantFrom('4090', 'RTX', 'rtx', '昇腾', '%', '80%', '_', '', 'x100', 'a100 80'),
    minGpuAvailable: fc.nat(9),
    minCpuAvailable: fc.nat(33),
    minGpuMemory: fc.constantFrom(0, 16, 17, 80, 81),
    minGpuPerformance: fc.nat(20_001),
    minCpuPerformance: fc.nat(1_001),
    minNetworkPerformance: fc.constantFrom(0, 100, 101),
    maxPrice: fc.nat(50),
    maxNetworkDelayMs: fc.nat(10),
    maxPowerConsumption: fc.nat(700),
    networkIsIxp: fc.boolean(),
  },
  { requiredKeys: [] },
);

test('whatever is required, the same resources match as by the contract\'s words, in the stated order', async () => {
  const orderBy = fc.option(fc.uniqueArray(fc.constantFrom(...Object.keys(ORDERS))), { nil: undefined });
  await fc.assert(
    fc.asyncProperty(requirements, orderBy, fc.integer({ min: 0, max: 100 }), async (required, order, first) => {
      const expected = ranked(known.filter((one) => meets(one, required)), order ?? []);
      const found = await matched({ ...required, ...(order && { orderBy: order }) }, { first });
      expect(found.totalCount).toBe(expected.length);
      expect(found.resources.map(({ id }: { id: string }) => id)).toEqual(expected.slice(0, first).map(({ id }) => id));
    }),
    { numRuns: 150 },
  );
});

test('the explanation counts what each requirement rules out alone', async () => {
  await fc.assert(
    fc.asyncProperty(requirements, async (required) => {
      const found = await matched(required, { explain: true });
      const alone = Object.keys(required).map((name) => [name, known.filter((one) => meets(one, required, name) && !meets(one, required)).length]);
      expect(Object.fromEntries(found.explanation.map((effect: { requirement: string; excludedAlone: number }) => [effect.requirement, effect.excludedAlone]))).toEqual(Object.fromEntries(alone));
      if (found.totalCount > 0 || Object.keys(required).length === 0) expect(found.alternatives).toEqual([]);
      else expect(found.alternatives.length).toBeGreaterThan(0);
    }),
    { numRuns: 100 },
  );
});

describe('a match', () => {
  test('of nothing required is every fresh resource, the best 100 of them unless fewer are asked for', async () => {
    const all = await matched({});
    expect([all.totalCount, all.resources.length]).toEqual([400, 100]);
    expect((await matched({}, { first: 1 })).resources).toHaveLength(1);
    expect((await matched({}, { first: 0 }))).toMatchObject({ totalCount: 400, resources: [] });
  });

  test('takes names for codes, cities with and without 市', async () => {
    const expected = known.filter(({ organization, region }) => organization === '20004' && region === '3301').length;
    for (const region of ['3301', '杭州', '杭州市']) expect((await matched({ organization: ['中科曙光'], region: [region] })).totalCount).toBe(expected);
    expect((await matched({ region: ['火星'] })).totalCount).toBe(0);
  });

  test.each([
    [{ minGpuAvailable: -1 }, 'requirements.minGpuAvailable'],
    [{ maxPrice: 2_147_483_648 }, 'requirements.maxPrice'],
    [{ maxNetworkDelayMs: -0.1 }, 'requirements.maxNetworkDelayMs'],
    [{ minGpuMemory: 'x' }, 'requirements.minGpuMemory'],
    [{ networkIsIxp: 1 }, 'requirements.networkIsIxp'],
    [{ region: [] }, 'requirements.region'],
    [{ region: ['\u0000'] }, 'requirements.region'],
    [{ region: [null] }, 'requirements.region[0]'],
    [{ gpuModel: '\ud800' }, 'requirements.gpuModel'],
    [{ gpuModel: 'x'.repeat(256) }, 'requirements.gpuModel'],
    [{ organization: Array.from({ length: 101 }, String) }, 'requirements.organization'],
    [{ orderBy: ['PRETTY'] }, 'requirements.orderBy[0]'],
  ])('%j is refused as bad input that names the field', async (required, field) => {
    expect((await match(required)).errors[0]?.extensions).toMatchObject({ code: 'BAD_INPUT', field });
  });

  test('of more than a page, or of fewer than none, is refused', async () => {
    expect((await match({}, { first: 101 })).errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
    expect((await match({}, { first: -1 })).errors[0]?.extensions.code).toBe('BAD_INPUT');
  });

  test('that finds nothing says what is nearest', async () => {
    await registry.register([identifier({ organization: '20999', region: '6101' }), identifier({ organization: '20999', region: '4201' })]);
    await registry.report([1, 2, 3].map((n) => report({ identifier: identifier({ organization: '20999', region: '6101' }), gpuModel: 'B200', networkIps: `10.7.0.${n}`, gpuAvailable: n })));
    expect((await matched({ gpuModel: 'B200', region: ['武汉'] }, { explain: true })).alternatives).toEqual(['no B200 in 武汉; 3 in 西安']);
    expect((await matched({ gpuModel: 'b300', region: ['西安'] }, { explain: true })).alternatives).toEqual(['no b300 in 西安; 3 B200 in 西安']);
    expect((await matched({ gpuModel: 'B200', minGpuAvailable: 8 }, { explain: true })).alternatives).toContain('no B200 with at least 8 free GPUs; 3 have less, the most is 3');
    expect((await matched({ gpuModel: 'B200', maxPrice: 99 }, { explain: true })).alternatives).toContain('no B200 with a price of at most 99; 3 have more, the least is 100');
    const together = await matched({ gpuModel: 'B200', region: ['武汉'], minGpuAvailable: 8, maxPrice: 99 }, { explain: true });
    expect(together.explanation.every(({ excludedAlone }: { excludedAlone: number }) => excludedAlone === 0)).toBe(true);
    expect(together.alternatives.length).toBeGreaterThan(0);
    expect(together.alternatives.join()).toMatch(/\d+ without \w+ and \w+/);
  });

  test('leaves stale resources out, whether or not they were swept', async () => {
    registry.pass(901);
    await registry.report([report({ identifier: identifier({ organization: '20999', region: '6101' }), gpuModel: 'B200', networkIps: '10.7.0.2' })]);
    for (let round = 0; round < 2; round++) {
      expect((await matched({})).totalCount).toBe(1);
      expect((await matched({ gpuModel: 'b2', minGpuAvailable: 1 })).resources).toMatchObject([{ gpuModel: 'B200' }]);
      expect((await matched({ region: ['杭州'] }, { explain: true }))).toMatchObject({ totalCount: 0, explanation: [{ requirement: 'region', excludedAlone: 1 }] });
      await registry.services.freshness.sweep();
    }
  });
});
