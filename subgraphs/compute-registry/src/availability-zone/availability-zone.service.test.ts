import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identifier, report, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
const KEYS = ['organization', 'region', 'zone', 'industry', 'resourceType'] as const;
type Place = Record<(typeof KEYS)[number], string>;
const places: Place[] = [];

beforeAll(async () => {
  registry = await testRegistry();
  for (let n = 0; n < 120; n++) {
    const of = (values: string[], step: number) => values[Math.floor(n / step) % values.length]!;
    places.push({
      organization: of(['20004', '20087', '20402'], 1),
      region: of(['1101', '1102', '3101', '3301'], 3),
      zone: of(['502601', '502602', '000003'], 12),
      industry: of(['tc', 'jr'], 7),
      resourceType: of(['401', '402', '403'], 2),
    });
  }
  await registry.register(places.map((place) => identifier(place)));
  // One batch for each organization, twice, and with two models: a zone counts once.
  for (const gpuModel of ['A', 'B', 'A']) {
    for (const organization of ['20087', '20004', '20402']) {
      const own = places.filter((place) => place.organization === organization);
      await registry.report(own.map((place, n) => report({ identifier: identifier(place), gpuModel, networkIps: `10.0.0.${n}` })));
    }
  }
});
afterAll(() => registry.stop());

const ZONES = `query ($filter: ResourceFilter, $first: Int, $after: String, $offset: Int) { availabilityZones(filter: $filter, first: $first, after: $after, offset: $offset) {
  totalCount pageInfo { hasNextPage endCursor } nodes { organization { code } region { code } availabilityZone { code } industry { code } } } }`;
interface Code {
  code: string;
}
const list = async (variables: object) => {
  const { data, errors } = await registry.ask(ZONES, { as: registry.member, variables: variables as Record<string, unknown> });
  expect(errors).toEqual([]);
  const { nodes, ...page } = data.availabilityZones;
  return { ...page, keys: nodes.map((node: Record<string, Code>) => ['organization', 'region', 'availabilityZone', 'industry'].map((name) => node[name]!.code).join(' ')) as string[] };
};
const keyOf = ({ organization, region, zone, industry }: Place) => [organization, region, zone, industry].join(' ');

const filters = fc.record(
  {
    organization: fc.constantFrom('20004', '中科曙光', '20087', 'nobody'),
    region: fc.constantFrom('北京', '北京市', '1101', '上海', '杭州', 'nowhere'),
    resourceType: fc.constantFrom('401', '超算', '403'),
    industry: fc.constantFrom('tc', '通信', 'jr'),
    availabilityZone: fc.constantFrom('502601', '可用区一', '000003'),
    gpuModel: fc.constantFrom('a', 'B', 'c'),
  },
  { requiredKeys: [] },
);
const CODES: Record<string, string[]> = { 中科曙光: ['20004'], 北京: ['1101', '1102'], 北京市: ['1101', '1102'], 上海: ['3101'], 杭州: ['3301'], 超算: ['402'], 通信: ['tc'], 可用区一: ['502601'] };
const passes = (place: Place, filter: Record<string, string>) =>
  Object.entries(filter).every(([name, value]) => (name === 'gpuModel' ? value !== 'c' : (CODES[value] ?? [value]).includes(place[name === 'availabilityZone' ? 'zone' : (name as keyof Place)])));

test('whatever the filter, the distinct zones come in order, page by page, with their number', async () => {
  await fc.assert(
    fc.asyncProperty(filters, fc.integer({ min: 1, max: 40 }), async (filter, first) => {
      const expected = [...new Set(places.filter((place) => passes(place, filter)).map(keyOf))].toSorted();
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await list({ filter, first, after });
        expect(page.totalCount).toBe(expected.length);
        expect(page.keys).toEqual((await list({ filter, first, offset: seen.length })).keys);
        seen.push(...page.keys);
        after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
      } while (after !== null);
      expect(seen).toEqual(expected);
    }),
    { numRuns: 60 },
  );
});

test('a zone stays listed when all of its resources are stale', { tags: ['interconnect/3/ever'] }, async () => {
  const before = await list({});
  registry.pass(10_000);
  await registry.services.freshness.sweep();
  expect(await list({})).toEqual(before);
});

test('a page past the end is empty, and what makes no sense is refused', async () => {
  expect(await list({ offset: 2_147_483_647 })).toMatchObject({ keys: [], pageInfo: { hasNextPage: false } });
  for (const variables of [{ offset: -1 }, { first: -1 }, { after: 'x' }, { after: 'W10' }, { offset: 1, after: 'x' }, { filter: { stale: true } }, { filter: { region: '\u0000' } }, { first: 'x' }]) {
    expect((await registry.ask(ZONES, { as: registry.member, variables })).errors[0]?.extensions.code, JSON.stringify(variables)).toBe('BAD_INPUT');
  }
});
