import { afterAll, beforeAll, expect, test } from 'vitest';
import { identifier, report, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.stop());

const NAME = 'mutation ($input: NameCodeInput!) { nameCode(input: $input) { id code name } }';
const name = (kind: string, code: string, text: string, as = registry.admin) => registry.ask(NAME, { as, variables: { input: { kind, code, name: text } } });

test('cities and the codes of the sample are there from the start', async () => {
  const { data } = await registry.ask('{ cities: codes(kind: CITY) { code name } types: codes(kind: RESOURCE_TYPE) { id code name } }', { as: registry.member });
  expect(data.types).toEqual([
    { id: 'RESOURCE_TYPE:401', code: '401', name: '智算' },
    { id: 'RESOURCE_TYPE:402', code: '402', name: '超算' },
    { id: 'RESOURCE_TYPE:403', code: '403', name: '通算' },
  ]);
  expect(data.cities).toContainEqual({ code: '3301', name: '杭州' });
});

test('a code shows as itself until an admin names it, and may then be asked for by that name', async () => {
  const value = identifier({ organization: '20777', region: '5001', industry: 'zz' });
  await registry.register([value]);
  await registry.report([report({ identifier: value })]);
  const zones = (filter: object) =>
    registry.ask('query ($filter: ResourceFilter) { availabilityZones(filter: $filter) { nodes { organization { name } industry { name } region { name } } } }', { as: registry.member, variables: { filter } });
  expect((await zones({ organization: '20777' })).data.availabilityZones.nodes).toEqual([{ organization: { name: '20777' }, industry: { name: 'zz' }, region: { name: '重庆' } }]);
  expect((await name('ORGANIZATION', '20777', '某云')).data.nameCode).toEqual({ id: 'ORGANIZATION:20777', code: '20777', name: '某云' });
  expect((await zones({ organization: '某云' })).data.availabilityZones.nodes).toEqual([{ organization: { name: '某云' }, industry: { name: 'zz' }, region: { name: '重庆' } }]);
  for (const region of ['重庆', '重庆市', '5001']) expect((await zones({ region, organization: '某云' })).data.availabilityZones.nodes, region).toHaveLength(1);
  expect((await zones({ region: '北京' })).data.availabilityZones.nodes).toEqual([]);
  expect((await zones({ region: '没有这个市' })).data.availabilityZones.nodes).toEqual([]);
});

test('unusual but valid names come back as they were given', async () => {
  for (const text of ["'; drop table x; --", '<b>&amp;</b>', '😀 شركة', '%_\\']) {
    expect((await name('INDUSTRY', 'yy', text)).data.nameCode.name).toBe(text);
  }
});

test.each([
  ['CITY', '33', 'x'],
  ['CITY', '33010', 'x'],
  ['INDUSTRY', 'T1', 'x'],
  ['ORGANIZATION', '2000４', 'x'],
  ['SERVICE_TYPE', '', 'x'],
  ['CITY', '3301', ''],
  ['CITY', '3301', ' '],
  ['CITY', '3301', 'x'.repeat(101)],
  ['CITY', '3301', '\u0000'],
  ['CITY', '3301', '\udc00'],
  ['NOTHING', '3301', 'x'],
])('naming %s %j as %j is refused as bad input', async (kind, code, text) => {
  expect((await name(kind, code, text)).errors[0]?.extensions.code).toBe('BAD_INPUT');
});

test('only an admin names codes', async () => {
  expect((await name('CITY', '3301', 'x', registry.member)).errors[0]?.extensions.code).toBe('FORBIDDEN');
});
