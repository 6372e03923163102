import { caller } from '@hutong/common/testkit';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifier, report, SAMPLE, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
let database: Client;
beforeAll(async () => {
  registry = await testRegistry();
  database = new Client({ connectionString: registry.databaseUrl });
  await database.connect();
  await registry.register([SAMPLE, identifier({ organization: '20087' })]);
});
afterAll(async () => {
  await database.end();
  await registry.stop();
});

const STATE =
  'query ($id: ID!) { computingResource(id: $id) { id gpuModel gpuAvailable price networkPorts stale observedAt reportedAt identifier { value region { name } organization { code name } } history { totalCount nodes { gpuAvailable observedAt } } } }';
const state = async (id: number) => (await registry.ask(STATE, { as: registry.member, variables: { id: String(id) } })).data.computingResource;
const idOf = async (networkIps: string): Promise<number> => (await database.query('select id from compute_registry.computing_resource where network_ips = $1', [networkIps])).rows[0]?.id as number;
const count = async (table: string): Promise<number> => Number((await database.query(`select count(*) from compute_registry.${table}`)).rows[0].count);

/** What is kept must be what a count would give. */
async function requireKeptCounts(): Promise<void> {
  const { rows } = await database.query(`
    select g.id from compute_registry.resource_group g
    left join lateral (select count(*) as total, count(*) filter (where live) as live from compute_registry.computing_resource r where r.group_id = g.id) c on true
    where (g.total, g.live) is distinct from (c.total, c.live)`);
  expect(rows).toEqual([]);
  const { rows: totals } = await database.query(`select t.live, t.total, (select count(*) from compute_registry.computing_resource where live)::integer as counted_live,
    (select count(*) from compute_registry.computing_resource)::integer as counted from compute_registry.resource_total t`);
  expect([totals[0].live, totals[0].total]).toEqual([totals[0].counted_live, totals[0].counted]);
}

describe('a report', () => {
  test('of the contract\'s sample comes back as it was sent', async () => {
    const stored = await registry.report([report()]);
    expect(stored.errors).toEqual([]);
    expect(stored.data.reportComputingResources).toMatchObject({ created: 1, updated: 0, late: 0 });
    expect(await state(1)).toMatchObject({
      id: '1',
      gpuModel: 'RTX 3080',
      gpuAvailable: 4,
      price: 100,
      networkPorts: '80,443',
      stale: false,
      identifier: { value: SAMPLE, region: { name: '杭州' }, organization: { code: '20004', name: '中科曙光' } },
      history: { totalCount: 1, nodes: [{ gpuAvailable: 4 }] },
    });
  });

  test('of a known resource keeps its id, whatever the order of its addresses, and goes into the history', async () => {
    await registry.report([report({ networkIps: '10.0.0.1,10.0.0.2' })]);
    const again = await registry.report([report({ networkIps: '10.0.0.2, 10.0.0.1', gpuAvailable: 1, price: null })]);
    expect(again.data.reportComputingResources).toMatchObject({ created: 0, updated: 1 });
    const id = await idOf('10.0.0.2, 10.0.0.1');
    expect(await state(id)).toMatchObject({ gpuAvailable: 1, price: null, history: { totalCount: 2, nodes: [{ gpuAvailable: 1 }, { gpuAvailable: 4 }] } });
    const other = await registry.report([report({ networkIps: '10.0.0.1,10.0.0.2', gpuModel: 'A100' })]);
    expect(other.data.reportComputingResources).toMatchObject({ created: 1 });
  });

  test('given twice in a batch counts once: the last is the state, both are history, in order', async () => {
    const reports = [1, 2, 3].map((gpuAvailable) => report({ networkIps: '10.0.1.1', gpuAvailable }));
    const stored = await registry.report([reports[0]!, report({ networkIps: '10.0.1.2' }), reports[1]!, reports[2]!]);
    expect(stored.data.reportComputingResources).toMatchObject({ created: 2, updated: 0 });
    const found = await state(await idOf('10.0.1.1'));
    expect(found.gpuAvailable).toBe(3);
    expect(found.history.nodes.map(({ gpuAvailable }: { gpuAvailable: number }) => gpuAvailable)).toEqual([3, 2, 1]);
  });

  test('burns no ids: a thousand repeated reports later the next resource has the next id', async () => {
    const batch = Array.from({ length: 100 }, (_, n) => report({ networkIps: `10.1.0.${n}` }));
    await registry.report(batch);
    for (let round = 0; round < 10; round++) await registry.report(batch);
    const before = (await database.query('select max(id) from compute_registry.computing_resource')).rows[0].max as number;
    await registry.report([report({ networkIps: '10.1.1.1' })]);
    expect(await idOf('10.1.1.1')).toBe(before + 1);
  });

  test('measured before the state that stands goes into the history only', async () => {
    const at = (seconds: number) => new Date(registry.now().getTime() - seconds * 1_000).toISOString();
    await registry.report([report({ networkIps: '10.2.0.1', observedAt: at(10), gpuAvailable: 7 })]);
    const late = await registry.report([report({ networkIps: '10.2.0.1', observedAt: at(20), gpuAvailable: 1 })]);
    expect(late.data.reportComputingResources).toMatchObject({ created: 0, updated: 0, late: 1 });
    expect(await state(await idOf('10.2.0.1'))).toMatchObject({ gpuAvailable: 7, history: { totalCount: 2 } });
    const without = await registry.report([report({ networkIps: '10.2.0.1', gpuAvailable: 2 })]);
    expect(without.data.reportComputingResources).toMatchObject({ updated: 1 });
  });

  test('that does not say when it was measured counts as measured 60 s before it arrived', { tags: ['interconnect/2/observed-before'] }, async () => {
    await registry.report([report({ networkIps: '10.2.0.2' })]);
    const { observedAt, reportedAt } = await state(await idOf('10.2.0.2'));
    expect(Date.parse(reportedAt) - Date.parse(observedAt)).toBe(60_000);
  });

  test('with unusual but valid text comes back as it was sent', async () => {
    const texts = ["'; drop table x; --", '<script>alert("1")</script>', '😀 昇腾910B', 'عربي', 'a\\b"c{d},NULL', 'NULL', ' ', ''];
    await registry.report(texts.map((text, n) => report({ gpuModel: text, networkAvailable: text, networkIps: `10.3.0.${n}` })));
    for (const [n, text] of texts.entries()) expect((await state(await idOf(`10.3.0.${n}`))).gpuModel).toBe(text);
    const { rows } = await database.query(`select network_available from compute_registry.computing_resource where network_ips like '10.3.0.%' order by id`);
    expect(rows.map((row) => row.network_available)).toEqual(texts);
  });

  test('keeps what is counted right', requireKeptCounts);
});

describe('bad input', () => {
  const bad: [string, unknown, string][] = [
    ...['powerConsumption', 'cpuPerformance', 'cpuAvailable', 'gpuPerformance', 'gpuMemory', 'gpuAvailable', 'networkPerformance'].flatMap((name): [string, unknown, string][] =>
      [-1, 2_147_483_648, 2 ** 53 + 1, 1.5, 'x', null, true].map((value) => [name, value, 'BAD_INPUT'])),
    ['price', -1, 'BAD_INPUT'],
    ['price', 2_147_483_648, 'BAD_INPUT'],
    ['networkDelayMs', -0.5, 'BAD_INPUT'],
    ['networkDelayMs', Number.NaN, 'BAD_INPUT'],
    ['networkDelayMs', Number.POSITIVE_INFINITY, 'BAD_INPUT'],
    ['networkDelayMs', 1e300, 'BAD_INPUT'],
    ['networkIsIxp', 'true', 'BAD_INPUT'],
    ['gpuModel', 'x'.repeat(256), 'BAD_INPUT'],
    ['gpuModel', '\u0000', 'BAD_INPUT'],
    ['gpuModel', '\ud800x', 'BAD_INPUT'],
    ['networkAvailable', '\udfff', 'BAD_INPUT'],
    ['networkAvailable', 'x'.repeat(8_193), 'BAD_INPUT'],
    ['networkIps', '1.2.3', 'BAD_INPUT'],
    ['networkIps', '1.2.3.4,', 'BAD_INPUT'],
    ['networkIps', '::1 ::2', 'BAD_INPUT'],
    ['networkIpsAvailable', 'localhost', 'BAD_INPUT'],
    ['networkPorts', '0', 'BAD_INPUT'],
    ['networkPorts', '65536', 'BAD_INPUT'],
    ['networkPorts', '90-80', 'BAD_INPUT'],
    ['networkPorts', '80;443', 'BAD_INPUT'],
    ['observedAt', 'yesterday', 'BAD_INPUT'],
    ['observedAt', '2999-01-01T00:00:00Z', 'BAD_INPUT'],
    ['observedAt', '1969-01-01T00:00:00Z', 'BAD_INPUT'],
    ['identifier', 'nothing', 'IDENTIFIER_NOT_REGISTERED'],
    ['identifier', '1'.repeat(10_000), 'BAD_INPUT'],
    ['identifier', '\u0000', 'BAD_INPUT'],
  ];

  test.each(bad)('%s of %j is refused with its place, and nothing is stored', async (name, value, code) => {
    const before = [await count('computing_resource'), await count('resource_report')];
    const { errors } = await registry.report([report({ networkIps: '10.9.0.1' }), report(), report({ [name]: value })]);
    expect(errors[0]?.extensions).toMatchObject({ code, field: `input.reports[2].${name}` });
    expect([await count('computing_resource'), await count('resource_report')]).toEqual(before);
  });

  test('an unknown identifier is named', async () => {
    const { errors } = await registry.report([report({ identifier: identifier({ zone: '999999' }) })]);
    expect(errors[0]?.message).toBe(`computing_id ${identifier({ zone: '999999' })} not found`);
  });

  test('a batch of none or of more than 10,000 is refused', async () => {
    expect((await registry.report([])).errors[0]?.extensions.code).toBe('BAD_INPUT');
    expect((await registry.report(Array.from({ length: 10_001 }, () => report()))).errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
  });

  test('a provider reports for its own organization only', async () => {
    const provider = caller({ roles: ['PROVIDER'], organization: '20087' });
    const own = report({ identifier: identifier({ organization: '20087' }) });
    expect((await registry.report([own], provider)).errors).toEqual([]);
    expect((await registry.report([own, report()], provider)).errors[0]?.extensions).toMatchObject({ code: 'FORBIDDEN', field: 'input.reports[1].identifier' });
    expect((await registry.report([report()], caller({ roles: ['PROVIDER'] }))).errors[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await registry.report([report()], registry.member)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  });
});

describe('many reports', () => {
  const organizations = ['40001', '40002', '40003'];
  beforeAll(() => registry.register(organizations.map((organization) => identifier({ organization }))));
  const batch = (size: number, gpuAvailable: number) =>
    Array.from({ length: size }, (_, n) => report({ identifier: identifier({ organization: organizations[n % 3]! }), networkIps: `10.${gpuAvailable}.${n >> 8}.${n & 255}`.replace(/^10\.\d+/, '10.50'), gpuModel: `M${n % 5}`, gpuAvailable }));

  test('10,000 of them are one batch', async () => {
    const stored = await registry.report(batch(10_000, 1));
    expect(stored.data.reportComputingResources).toMatchObject({ created: 10_000, updated: 0 });
    expect((await registry.report(batch(10_000, 2))).data.reportComputingResources).toMatchObject({ created: 0, updated: 10_000 });
    await requireKeptCounts();
  });

  test('overlapping batches at once neither deadlock nor make a resource twice', async () => {
    const fresh = (n: number) => report({ identifier: identifier({ organization: organizations[n % 3]! }), networkIps: `10.60.0.${n}`, gpuModel: `New ${n % 7}` });
    const batches = Array.from({ length: 12 }, (_, b) => {
      const reports = [...batch(1_000, b), ...Array.from({ length: 100 }, (__, n) => fresh(n))];
      return b % 2 === 0 ? reports : reports.toReversed();
    });
    const before = await count('computing_resource');
    const answers = await Promise.all(batches.map((reports) => registry.report(reports)));
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
    expect(answers.reduce((sum, { data }) => sum + data.reportComputingResources.created, 0)).toBe(100);
    expect((await count('computing_resource')) - before).toBe(100);
    await requireKeptCounts();
  });
});

describe('a resource', () => {
  test('goes stale when its last report is older than the stale time, and is fresh again when it is reported', { tags: ['interconnect/2/stale'] }, async () => {
    const id = await idOf('10.2.0.2');
    const totals = async () =>
      (await registry.ask('{ all: computingResources(first: 0) { totalCount } stale: computingResources(filter: { stale: true }, first: 0) { totalCount } fresh: computingResources(filter: { stale: false }, first: 0) { totalCount } }', { as: registry.member })).data;
    const all = (await totals()).all.totalCount as number;
    registry.pass(800);
    expect((await state(id)).stale).toBe(false);
    await registry.report([report({ networkIps: '10.2.0.2' })]);
    registry.pass(130);
    expect((await state(1)).stale).toBe(true);
    expect((await state(id)).stale).toBe(false);
    const before = { all: { totalCount: all }, stale: { totalCount: all - 1 }, fresh: { totalCount: 1 } };
    expect(await totals()).toEqual(before);
    await registry.services.freshness.sweep();
    expect(await totals()).toEqual(before);
    await requireKeptCounts();
    await registry.report([report()]);
    expect((await state(1)).stale).toBe(false);
    expect(await totals()).toEqual({ all: { totalCount: all }, stale: { totalCount: all - 2 }, fresh: { totalCount: 2 } });
    await requireKeptCounts();
  });

  test('that nobody has is null', async () => {
    for (const id of ['0', '-1', '999999999', '2147483648', 'x', '1.5', '', '١']) {
      expect(await registry.ask('query ($id: ID!) { computingResource(id: $id) { id } }', { as: registry.member, variables: { id } })).toEqual({ data: { computingResource: null }, errors: [] });
    }
  });

  test('is found by reference, many at once', async () => {
    const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on ComputingResource { id identifier { organization { code } } } } }';
    const r = ['2', '1', 'x', '2147483647'].map((id) => ({ __typename: 'ComputingResource', id }));
    expect((await registry.ask(entities, { as: registry.member, variables: { r } })).data._entities).toMatchObject([{ id: '2' }, { id: '1', identifier: { organization: { code: '20004' } } }, null, null]);
  });
});
