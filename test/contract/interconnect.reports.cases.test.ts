import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { interconnectWorld, OK, RESOURCES, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';

// Each field of a report: what is accepted, what comes back, what is refused.

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld();
});
afterAll(() => world?.platform.dispose());

const LARGEST = 2_147_483_647;

interface FieldCases {
  required: boolean;
  /** What is sent, and what comes back when that differs. */
  accepted: ([sent: unknown] | [sent: unknown, emitted: unknown])[];
  refused: unknown[];
}

const NO_INT = [-1, 1.5, 2 ** 31, 2 ** 53, 1e308, true, {}, [], [1], 'x', '', '-1', '1.5', '2147483648', 'NaN', 'Infinity', '0x10', '1e3', ' 1', '１'];
const int: FieldCases = { required: true, accepted: [[0], [1], [LARGEST]], refused: [...NO_INT, '1'] };
const intOrDigits: FieldCases = { required: true, accepted: [[0], [LARGEST], ['0', 0], ['150', 150], ['2147483647', LARGEST]], refused: NO_INT };
const NO_TEXT = [7, true, {}, [], ['x']];
const ADDRESSES: FieldCases = {
  required: true,
  accepted: [[''], ['192.168.1.1'], ['192.168.1.1,10.0.0.2'], ['2001:db8::1'], ['2001:db8::1,192.168.1.1,::1']],
  refused: [...NO_TEXT, '300.1.1.1', '192.168.1', 'localhost', '1.2.3.4;1.2.3.5', '1.2.3.4,', '10.0.0.0/8', '2001:db8:::1', "'; drop table", '١٩٢.1.1.1'],
};

const FIELDS: Record<string, FieldCases> = {
  power_consumption: intOrDigits,
  cpu_performance: int,
  cpu_available: int,
  gpu_performance: int,
  gpu_memory: int,
  gpu_available: intOrDigits,
  network_delay: {
    required: true,
    accepted: [['5ms'], ['0.5ms'], ['0ms'], ['1s', '1000ms'], ['0.5s', '500ms'], ['12.25ms'], [7, '7ms'], [0, '0ms'], [0.25, '0.25ms']],
    refused: ['5', '5 minutes', 'ms', '-5ms', '', '5msms', '1e3ms', 'NaNms', '٥ms', -1, -0.5, 1e300, true, {}, ['5ms']],
  },
  network_performance: int,
  network_isixp: { required: true, accepted: [[true], [false]], refused: [0, 1, 'true', 'false', '', {}, []] },
  network_ips: ADDRESSES,
  network_available: {
    required: true,
    accepted: [[''], ['100Mbps'], ["Robert'); DROP TABLE resources;--"], ['<script>alert(1)</script>&amp;'], ['🚀👩‍👩‍👧'], ['\u202Eabc שלום'], ['  spaces  '], ['a\tb\nc'], ['é']],
    refused: [...NO_TEXT, 'a\u0000b', '\ud800', 'x\udc00y'],
  },
  network_ips_available: ADDRESSES,
  network_ports: {
    required: true,
    accepted: [[''], ['80'], ['80,443'], ['8000-8100'], ['80,8000-8100,65535'], ['1']],
    refused: [...NO_TEXT, 80, '0', '65536', '-1', 'http', '80;443', '90-80', '80-', '80,', '80.5', '1-2-3'],
  },
  price: { required: false, accepted: [[0], [100], [LARGEST], [null], [undefined, null]], refused: [...NO_INT, '1'] },
};

const shown = (value: unknown) => (value === undefined ? 'nothing' : JSON.stringify(value));
const accepted = Object.entries(FIELDS).flatMap(([field, cases]) =>
  cases.accepted.map((pair, index) => ({ field, index, sent: pair[0], emitted: pair.length === 2 ? pair[1] : pair[0], title: shown(pair[0]) })),
);
const refused = Object.entries(FIELDS).flatMap(([field, { refused, required }]) =>
  [...refused, ...(required ? [null, undefined] : [])].map((sent) => ({ field, sent, title: shown(sent) })),
);

describe('a report', {
  tags: [
    'interconnect/2/power_consumption', 'interconnect/2/cpu_performance', 'interconnect/2/cpu_available', 'interconnect/2/gpu_performance',
    'interconnect/2/gpu_memory', 'interconnect/2/gpu_available', 'interconnect/2/network_delay', 'interconnect/2/network_performance',
    'interconnect/2/network_isixp', 'interconnect/2/network_ips', 'interconnect/2/network_available', 'interconnect/2/network_ips_available',
    'interconnect/2/network_ports', 'interconnect/2/price',
    'interconnect/rules/int',
  ],
}, () => {
  const modelOf = (field: string, index: number) => `${field}#${index}#`;

  beforeAll(async () => {
    const reports = accepted.map(({ field, index, sent }) => sampleReport({ gpu_model: modelOf(field, index), [field]: sent }));
    expect((await world.report(...reports)).body).toEqual(OK);
  });

  test.each(accepted)('takes $title as $field', { tags: ['interconnect/rules/text'] }, async ({ field, index, emitted }) => {
    const { count, results } = await world.submit({ gpu_model: modelOf(field, index) });
    expect(count).toBe(1);
    const { computing_id: _, ...asReported } = sampleReport({ gpu_model: modelOf(field, index), [field]: emitted });
    expect(results[0]).toMatchObject(asReported);
  });

  test.each(refused)('refuses $title as $field, naming element and field, and stores nothing of its batch', { tags: ['interconnect/rules/unstorable', 'interconnect/rules/whole-batch', 'interconnect/0/where', 'interconnect/0/bad-input'] }, async ({ field, sent }) => {
    const model = world.newModel();
    const { body } = await world.report(sampleReport({ gpu_model: model }), sampleReport({ gpu_model: model, network_ips: '10.2.0.1', [field]: sent }));
    expect(body).toEqual({ code: 400, message: expect.stringContaining(`computing_resources[1].${field}: `), data: {} });
    expect((await world.submit({ gpu_model: model })).count).toBe(0);
  });
});

describe('the model of the GPU', { tags: ['interconnect/2/gpu_model'] }, () => {
  test.each([
    'RTX 3080', 'x'.repeat(255), '🚀'.repeat(255), "Robert'); DROP TABLE resources;--", '<b>100%</b> & _', '\u202Eתצוגה', '互通 显卡', 'back\\slash', 'tab\there',
  ])('comes back as it was sent: %j', { tags: ['interconnect/rules/text'] }, async (model) => {
    expect((await world.report(sampleReport({ gpu_model: model, network_ips: '10.3.0.1' }))).body).toEqual(OK);
    const { results } = await world.submit({ gpu_model: model });
    expect(results.map((resource) => resource['gpu_model'])).toContain(model);
  });

  test.each([['x'.repeat(256)], ['🚀'.repeat(256)], [7], [null], [undefined], [true], [{}], ['a\u0000'], ['\udfff']])('is refused when it is %j', async (model) => {
    const { body } = await world.report(sampleReport({ gpu_model: model }));
    expect(body).toEqual({ code: 400, message: expect.stringContaining('computing_resources[0].gpu_model: '), data: {} });
  });
});

describe('the identifier of a report', { tags: ['interconnect/2/computing_id'] }, () => {
  test.each([[7], [null], [undefined], [{}], ['a\u0000']])('is refused when it is %j', async (computing_id) => {
    const { body } = await world.report(sampleReport({ computing_id }));
    expect(body).toEqual({ code: 400, message: expect.stringContaining('computing_resources[0].computing_id: '), data: {} });
  });

  test.each([[''], ['x'], [`${SAMPLE_IDENTIFIER}X`], ["'; drop table x; --"]])('is 404 when it is not registered: %j', { tags: ['interconnect/0/not-found'] }, async (computing_id) => {
    const { body } = await world.report(sampleReport({ computing_id }));
    expect(body).toEqual({ code: 404, message: `computing_id ${computing_id} not found`, data: {} });
  });

  test('of 10,000 characters is refused without being repeated whole', async () => {
    const { body } = await world.report(sampleReport({ computing_id: 'x'.repeat(10_000) }));
    expect(body).toMatchObject({ code: expect.toBeOneOf([400, 404]), data: {} });
    expect(body.message.length).toBeLessThan(300);
  });
});

describe('a batch', () => {
  test.each([['nothing', undefined], ['null', null], ['an object', {}], ['a text', 'x'], ['an empty list', []]])('is refused when it is %s', { tags: ['interconnect/2/route', 'interconnect/2/size'] }, async (_, computing_resources) => {
    const { body } = await world.provider.interconnect('POST', RESOURCES, { computing_resources });
    expect(body).toEqual({ code: 400, message: expect.stringMatching(/^computing_resources: /), data: {} });
  });

  test.each([[null], [7], ['x'], [[]]])('is refused when an element is %j', async (element) => {
    const { body } = await world.provider.interconnect('POST', RESOURCES, { computing_resources: [sampleReport(), element] });
    expect(body).toEqual({ code: 400, message: expect.stringMatching(/^computing_resources\[1\]/), data: {} });
  });

  test('takes 10,000 reports, and not one more', { tags: ['interconnect/2/size'] }, async () => {
    const model = world.newModel();
    const many = Array.from({ length: 10_000 }, (_, n) => sampleReport({ gpu_model: model, network_ips: `10.${100 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}` }));
    expect((await world.report(...many)).body).toEqual(OK);
    expect((await world.submit({ gpu_model: model })).count).toBe(10_000);
    expect((await world.report(...many, sampleReport())).body).toMatchObject({ code: 400, message: expect.stringMatching(/^computing_resources: .*10000/) });
  });

  test('with the same resource twice keeps the last', { tags: ['interconnect/2/twice'] }, async () => {
    const model = world.newModel();
    expect((await world.report(sampleReport({ gpu_model: model, price: 1 }), sampleReport({ gpu_model: model, price: 2 }))).body).toEqual(OK);
    const { count, results } = await world.submit({ gpu_model: model });
    expect([count, results[0]!['price']]).toEqual([1, 2]);
  });
});

test('what is wrong is told by element, field, what was expected and what was got', { tags: ['interconnect/0/where'] }, async () => {
  const { body } = await world.report(...[0, 1, 2].map(() => sampleReport()), sampleReport({ gpu_memory: 'x' }));
  expect(body).toEqual({ code: 400, message: 'computing_resources[3].gpu_memory: expected an integer ≥ 0, got "x"', data: {} });
});

describe('the same resource', () => {
  const idOf = async (model: string) => (await world.submit({ gpu_model: model })).results.map(({ id }) => id);

  test('is known by its addresses in any order, and keeps its id', { tags: ['interconnect/2/same', 'interconnect/2/again'] }, async () => {
    const model = world.newModel();
    await world.report(sampleReport({ gpu_model: model, network_ips: '10.0.0.1,10.0.0.2', price: 1 }));
    const [id] = await idOf(model);
    await world.report(sampleReport({ gpu_model: model, network_ips: '10.0.0.2,10.0.0.1', price: 2 }));
    const { results } = await world.submit({ gpu_model: model });
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ id, price: 2, network_ips: '10.0.0.2,10.0.0.1' });
  });

  test('is another one with other addresses, another model or another identifier', { tags: ['interconnect/2/same'] }, async () => {
    const model = world.newModel();
    await world.provider.interconnect('POST', 'computing_ids/', { computing_ids: [`${SAMPLE_IDENTIFIER.slice(0, 27)}P1`] });
    await world.report(
      sampleReport({ gpu_model: model }),
      sampleReport({ gpu_model: model, network_ips: '192.168.1.2' }),
      sampleReport({ gpu_model: `${model}+` }),
      sampleReport({ gpu_model: model, computing_id: `${SAMPLE_IDENTIFIER.slice(0, 27)}P1` }),
    );
    expect(new Set(await idOf(model)).size).toBe(4);
  });

  test('is replaced as a whole: a report without a price takes the price away', { tags: ['interconnect/2/same', 'interconnect/2/again', 'interconnect/2/price'] }, async () => {
    const model = world.newModel();
    await world.report(sampleReport({ gpu_model: model, price: 5 }));
    const { price: _, ...free } = sampleReport({ gpu_model: model });
    await world.report(free);
    expect((await world.submit({ gpu_model: model })).results[0]).toMatchObject({ price: null });
  });

  test('has every report in its history, the newest first', { tags: ['interconnect/2/history', 'interconnect/2/again'] }, async () => {
    const model = world.newModel();
    for (const price of [1, 2, 3]) await world.report(sampleReport({ gpu_model: model, price }));
    const [id] = await idOf(model);
    const { computingResource } = await world.alice.ask('query ($id: ID!) { computingResource(id: $id) { history(first: 10) { totalCount nodes { price } } } }', { id: String(id) });
    expect(computingResource.history).toEqual({ totalCount: 3, nodes: [{ price: 3 }, { price: 2 }, { price: 1 }] });
  });

  test.each([['2026-01-31T08:00:00Z'], ['2026-01-31T08:00:00.123+08:00'], [undefined], [null]])('may say when it was observed: %s', { tags: ['interconnect/2/observed_at'] }, async (observed_at) => {
    expect((await world.report(sampleReport({ gpu_model: world.newModel(), observed_at }))).body).toEqual(OK);
  });

  test.each([['yesterday'], [''], [7], ['2026-13-01T00:00:00Z'], ['2026-02-30T00:00:00Z'], [{}]])('observed at %j is refused', { tags: ['interconnect/2/observed_at'] }, async (observed_at) => {
    expect((await world.report(sampleReport({ observed_at }))).body).toEqual({ code: 400, message: expect.stringContaining('computing_resources[0].observed_at: '), data: {} });
  });
});

describe('a provider', () => {
  test('registers and reports for its own organization only', { tags: ['interconnect/1/own', 'interconnect/2/own', 'interconnect/0/not-allowed'] }, async () => {
    const foreign = SAMPLE_IDENTIFIER.replace('20004', '20005');
    expect((await world.provider.interconnect('POST', 'computing_ids/', { computing_ids: [foreign] })).body).toMatchObject({ code: 403, data: {} });
    expect((await world.root.interconnect('POST', 'computing_ids/', { computing_ids: [foreign] })).body).toEqual(OK);
    const model = world.newModel();
    const { body } = await world.report(sampleReport({ gpu_model: model }), sampleReport({ gpu_model: model, computing_id: foreign }));
    expect(body).toMatchObject({ code: 403, data: {} });
    expect((await world.submit({ gpu_model: model })).count).toBe(0);
  });

  test('is who reports: a member may not', { tags: ['interconnect/1/own', 'interconnect/2/own', 'interconnect/0/not-allowed'] }, async () => {
    expect((await world.alice.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] })).body).toMatchObject({ code: 403, data: {} });
    expect((await world.alice.interconnect('POST', RESOURCES, { computing_resources: [sampleReport()] })).body).toMatchObject({ code: 403, data: {} });
  });
});
