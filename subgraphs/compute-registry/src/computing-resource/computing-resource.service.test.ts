import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifier, report, SAMPLE, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
const beijing = identifier({ region: '1101', organization: '20087' });
beforeAll(async () => {
  registry = await testRegistry();
  await registry.register([SAMPLE, beijing]);
  const many = Array.from({ length: 45 }, (_, n) => report({ networkIps: `10.0.0.${n}`, price: (n * 7) % 45, gpuModel: n % 3 === 0 ? 'H100' : 'RTX 3080', identifier: n % 5 === 0 ? beijing : SAMPLE }));
  await registry.report(many);
});
afterAll(() => registry.stop());

const LIST = `query ($filter: ResourceFilter, $orderBy: [MatchOrder!], $first: Int, $after: String, $offset: Int) {
  computingResources(filter: $filter, orderBy: $orderBy, first: $first, after: $after, offset: $offset) { totalCount pageInfo { hasNextPage hasPreviousPage endCursor } nodes { id price gpuModel } } }`;
const list = async (variables: Record<string, unknown>) => (await registry.ask(LIST, { as: registry.member, variables })).data.computingResources;

async function pages(variables: Record<string, unknown>): Promise<{ id: string; price: number }[]> {
  const all: { id: string; price: number }[] = [];
  let after: string | null = null;
  do {
    const page = await list({ ...variables, first: 10, after });
    all.push(...page.nodes);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
  return all;
}

describe('the list of resources', () => {
  test('is in the order of ids, and goes on behind a cursor', async () => {
    expect((await pages({})).map(({ id }) => Number(id))).toEqual(Array.from({ length: 45 }, (_, n) => n + 1));
    expect((await list({ offset: 40 })).nodes.map(({ id }: { id: string }) => id)).toEqual(['41', '42', '43', '44', '45']);
  });

  test('is in another order when asked for', async () => {
    expect((await pages({ orderBy: ['PRICE'] })).map(({ price }) => price)).toEqual(Array.from({ length: 45 }, (_, n) => n));
    expect(await pages({ orderBy: ['POWER', 'PRICE'] })).toHaveLength(45);
  });

  test('is limited by code, name and part of the model', async () => {
    expect((await list({ filter: { region: '北京' } })).totalCount).toBe(9);
    expect((await list({ filter: { gpuModel: 'h1' } })).totalCount).toBe(15);
    expect(await pages({ filter: { gpuModel: 'h1', organization: '20087' } })).toHaveLength(3);
    expect((await list({ filter: { stale: true } }))).toMatchObject({ totalCount: 0, nodes: [] });
  });

  test('refuses cursors of other lists and pages that are too large', async () => {
    const position = (await list({ orderBy: ['PRICE'], first: 1 })).pageInfo.endCursor;
    const id = (await list({ first: 1 })).pageInfo.endCursor;
    const made = (key: unknown[]) => Buffer.from(JSON.stringify(key)).toString('base64url');
    const refused = [{ after: made([2_147_483_648]) }, { after: made([1.5, true]), orderBy: ['PRICE'] }, { after: position }, { after: id, orderBy: ['PRICE'] }, { after: '' }, { after: 'bm8' }, { first: 101 }, { offset: -1 }];
    for (const variables of refused) {
      const { errors } = await registry.ask(LIST, { as: registry.member, variables });
      expect(['BAD_INPUT', 'LIMIT_EXCEEDED'], JSON.stringify(variables)).toContain(errors[0]?.extensions.code);
    }
  });

  test('is nobody\'s without a credential', async () => {
    expect((await registry.ask(LIST)).errors[0]?.extensions.code).toBe('UNAUTHENTICATED');
  });
});

describe('the feed of reported resources', () => {
  const FEED = 'subscription ($organization: String, $region: String) { computingResourceReported(organization: $organization, region: $region) { id gpuAvailable identifier { region { name } } } }';
  const take = async (feed: AsyncIterableIterator<{ data: { computingResourceReported: { id: string } } }>, count: number) => {
    const seen = [];
    while (seen.length < count) seen.push((await feed.next()).value.data.computingResourceReported);
    return seen;
  };

  test('tells every resource of a batch once, in the state it has, and only of what was asked for', async () => {
    const all = await registry.listen(FEED, { as: registry.member });
    const some = await registry.listen(FEED, { as: registry.member, variables: { region: '北京市' } });
    const batch = Array.from({ length: 1_200 }, (_, n) => report({ networkIps: `10.1.${n >> 8}.${n & 255}`, gpuAvailable: 3, identifier: n % 100 === 0 ? beijing : SAMPLE }));
    await registry.report([...batch, ...batch.slice(0, 10)]);
    const seen = await take(all as never, 1_200);
    expect(new Set(seen.map(({ id }) => id)).size).toBe(1_200);
    expect(seen[0]).toMatchObject({ gpuAvailable: 3 });
    for (const one of await take(some as never, 12)) expect(one).toMatchObject({ identifier: { region: { name: '北京' } } });
    await Promise.all([all.return?.(), some.return?.()]);
  });

  test('ends at once while it waits', async () => {
    const feed = await registry.listen(FEED, { as: registry.member });
    const waiting = feed.next();
    await feed.return?.();
    expect((await waiting).done).toBe(true);
  });

  test('refuses text that no code can be', async () => {
    await expect(registry.listen(FEED, { as: registry.member, variables: { region: '\u0000' } })).rejects.toThrow('BAD_INPUT');
  });
});

describe('the history', () => {
  const HISTORY = 'query ($id: ID!, $first: Int, $after: String) { computingResource(id: $id) { history(first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { gpuAvailable } } } }';
  test('is read page by page, the latest first, also where its numbers become longer', async () => {
    const database = new Client({ connectionString: registry.databaseUrl });
    await database.connect();
    await database.query("select setval('compute_registry.resource_report_id_seq', 9996)");
    await database.end();
    for (let gpuAvailable = 1; gpuAvailable <= 5; gpuAvailable++) await registry.report([report({ gpuModel: 'Remembered', gpuAvailable })]);
    const [last] = (await list({ filter: { gpuModel: 'remembered' } })).nodes;
    const page = async (after: string | null) => (await registry.ask(HISTORY, { as: registry.member, variables: { id: last.id, first: 2, after } })).data.computingResource.history;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor);
    expect([first.totalCount, ...first.nodes, ...second.nodes]).toEqual([5, { gpuAvailable: 5 }, { gpuAvailable: 4 }, { gpuAvailable: 3 }, { gpuAvailable: 2 }]);
    for (const after of ['x', 'WzFd', Buffer.from('["9999999999999999999999"]').toString('base64url')]) {
      const { errors } = await registry.ask(HISTORY, { as: registry.member, variables: { id: last.id, after } });
      expect(errors[0]?.extensions.code).toBe('BAD_INPUT');
    }
  });

  test('is dropped by the day after as many days as it is kept', async () => {
    const database = new Client({ connectionString: registry.databaseUrl });
    await database.connect();
    const reports = async () => Number((await database.query('select count(*) from compute_registry.resource_report')).rows[0].count);
    const before = await reports();
    expect((await database.query('select count(*) from compute_registry.resource_report_other')).rows[0].count, 'every day has its partition').toBe('0');
    registry.pass(29 * 86_400);
    await registry.services.history.upkeep();
    expect(await reports()).toBe(before);
    await registry.report([report({ networkIps: '10.6.0.1' })]);
    registry.pass(3 * 86_400);
    await Promise.all(Array.from({ length: 6 }, () => registry.services.history.upkeep()));
    expect(await reports()).toBe(1);
    await database.end();
  });
});
