import { caller } from '@hutong/common/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { identifier, SAMPLE, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
});
afterAll(() => registry.stop());

const LIST = 'query ($filter: ResourceFilter, $first: Int, $after: String) { computingIdentifiers(filter: $filter, first: $first, after: $after) { totalCount pageInfo { hasNextPage endCursor } nodes { value city { name } region { name } organization { name } computeTotal power storageTotal } } }';

test('repeats and known identifiers are accepted and counted', async () => {
  const bare = identifier({ region: '5002' });
  expect((await registry.register([SAMPLE, bare, SAMPLE])).data.registerComputingIdentifiers).toEqual({ registered: 2, known: 0 });
  expect((await registry.register([bare, SAMPLE])).data.registerComputingIdentifiers).toEqual({ registered: 0, known: 2 });
  const { data } = await registry.ask(LIST, { as: registry.member, variables: { filter: { organization: '中科曙光' } } });
  expect(data.computingIdentifiers.nodes).toEqual([
    { value: SAMPLE, city: { name: '北京' }, region: { name: '杭州' }, organization: { name: '中科曙光' }, computeTotal: 1, power: 150, storageTotal: 1024 },
    { value: bare, city: { name: '北京' }, region: { name: '重庆' }, organization: { name: '中科曙光' }, computeTotal: null, power: null, storageTotal: null },
  ]);
});

test('one bad identifier refuses the whole batch, and the error lists the first 20 by index', async () => {
  const good = identifier({ zone: '000001' });
  const bad = Array.from({ length: 30 }, (_, n) => `${n}x`);
  const { errors } = await registry.register([good, ...bad]);
  expect(errors[0]).toMatchObject({ extensions: { code: 'IDENTIFIER_INVALID', failureCount: 30, field: 'input.values[1]' } });
  const failures = errors[0]!.extensions.failures as { index: number; message: string }[];
  expect(failures).toHaveLength(20);
  expect(failures[0]).toEqual({ index: 1, message: 'character 2: expected a digit of city, got "x"' });
  expect(errors[0]!.message).toContain('input.values[1]: character 2');
  expect(errors[0]!.message).toContain('and 10 more');
  const listed = await registry.ask(LIST, { as: registry.member, variables: { filter: { availabilityZone: '000001' } } });
  expect(listed.data.computingIdentifiers.totalCount).toBe(0);
});

test.each([[[]], [['']], [['\u0000']], [['\ud800']], [['1'.repeat(10_000)]], [[7]], [[null]], ['text'], [null]])('%j is refused as bad input', async (values) => {
  const { errors } = await registry.register(values as string[]);
  expect(['BAD_INPUT', 'IDENTIFIER_INVALID']).toContain(errors[0]?.extensions.code);
});

test('more than 10,000 are refused, 10,000 are one statement', async () => {
  const values = Array.from({ length: 10_001 }, (_, n) => identifier({ organization: '30001', tail: `S${n}` }));
  expect((await registry.register(values)).errors[0]?.extensions.code).toBe('LIMIT_EXCEEDED');
  expect((await registry.register(values.slice(1))).data.registerComputingIdentifiers).toEqual({ registered: 10_000, known: 0 });
});

test('overlapping batches at once neither deadlock nor store anything twice', async () => {
  const values = Array.from({ length: 2_000 }, (_, n) => identifier({ organization: '30002', tail: `S${n}` }));
  const batches = Array.from({ length: 8 }, (_, n) => (n % 2 === 0 ? values : values.toReversed()));
  const answers = await Promise.all(batches.map((batch) => registry.register(batch)));
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  expect(answers.reduce((sum, { data }) => sum + data.registerComputingIdentifiers.registered, 0)).toBe(2_000);
});

test('a provider registers for its own organization only, a member for none', async () => {
  const provider = caller({ roles: ['PROVIDER'], organization: '20087' });
  expect((await registry.register([identifier({ organization: '20087' })], provider)).errors).toEqual([]);
  const foreign = await registry.register([identifier({ organization: '20087' }), identifier({ organization: '20402' })], provider);
  expect(foreign.errors[0]).toMatchObject({ extensions: { code: 'FORBIDDEN', field: 'input.values[1]' } });
  expect((await registry.register([SAMPLE], registry.member)).errors[0]?.extensions.code).toBe('FORBIDDEN');
});

test('the list goes on behind its cursor and refuses what does not apply', async () => {
  const variables = { filter: { organization: '30002' }, first: 60 };
  const first = (await registry.ask(LIST, { as: registry.member, variables })).data.computingIdentifiers;
  expect(first).toMatchObject({ totalCount: 2_000, pageInfo: { hasNextPage: true } });
  const second = (await registry.ask(LIST, { as: registry.member, variables: { ...variables, after: first.pageInfo.endCursor } })).data.computingIdentifiers;
  expect(new Set([...first.nodes, ...second.nodes].map(({ value }: { value: string }) => value)).size).toBe(120);
  for (const filter of [{ gpuModel: 'x' }, { stale: true }, { region: '\u0000' }, { region: 'x'.repeat(300) }]) {
    expect((await registry.ask(LIST, { as: registry.member, variables: { filter } })).errors[0]?.extensions.code).toBe('BAD_INPUT');
  }
});

test('an identifier can be parsed without being stored', async () => {
  const PARSE = 'query ($value: String!) { parseComputingIdentifier(value: $value) { value industry { code name } resourceType { name } serviceType { name } availabilityZone { name } networkTotal } }';
  const { data } = await registry.ask(PARSE, { as: registry.member, variables: { value: SAMPLE } });
  expect(data.parseComputingIdentifier).toEqual({
    value: SAMPLE,
    industry: { code: 'tc', name: '通信' },
    resourceType: { name: '智算' },
    serviceType: { name: '主机' },
    availabilityZone: { name: '可用区一' },
    networkTotal: 100,
  });
  const { errors } = await registry.ask(PARSE, { as: registry.member, variables: { value: `${SAMPLE}Q` } });
  expect(errors[0]).toMatchObject({ message: 'character 43: expected one of F S N P, got "Q"', extensions: { code: 'IDENTIFIER_INVALID', field: 'value' } });
});

test('references are found by id and by value, and of nothing are null', async () => {
  const entities = 'query ($r: [_Any!]!) { _entities(representations: $r) { ... on ComputingIdentifier { id value } ... on CodeName { code name } } }';
  const { data } = await registry.ask(entities, {
    as: registry.member,
    variables: {
      r: [
        { __typename: 'ComputingIdentifier', value: SAMPLE },
        { __typename: 'ComputingIdentifier', id: '1' },
        { __typename: 'ComputingIdentifier', id: '99999999999' },
        { __typename: 'ComputingIdentifier', id: 'x' },
        { __typename: 'CodeName', id: 'ORGANIZATION:20004' },
        { __typename: 'CodeName', id: 'ORGANIZATION:11111' },
        { __typename: 'CodeName', id: 'NOTHING:1' },
      ],
    },
  });
  expect(data._entities).toMatchObject([{ value: SAMPLE }, { id: '1' }, null, null, { name: '中科曙光' }, { code: '11111', name: '11111' }, null]);
});
