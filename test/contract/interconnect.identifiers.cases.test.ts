import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { IDS, interconnectWorld, OK, RESOURCES, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { sendRaw } from '../testkit/http.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';

// The compute identifier, the names of its codes, and the list of availability zones.

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld();
});
afterAll(() => world?.platform.dispose());

interface Header {
  city?: string;
  industry?: string;
  organization?: string;
  type?: string;
  region?: string;
  zone?: string;
  service?: string;
  capacities?: string;
}

function identifier({ city = '1101', industry = 'tc', organization = '20004', type = '401', region = '3301', zone = '502601', service = '009', capacities = '' }: Header): string {
  return city + industry + organization + type + region + zone + service + capacities;
}

const register = async (values: unknown) => (await world.root.interconnect('POST', IDS, { computing_ids: values })).body;

/** Registered means that a report may name it. */
async function isRegistered(value: string): Promise<boolean> {
  const { body } = await world.root.interconnect('POST', RESOURCES, { computing_resources: [sampleReport({ computing_id: value, network_ips: '', gpu_model: 'probe' })] });
  if (body.code === 404) expect(body.message).toContain(`computing_id ${value} not found`);
  else expect(body).toEqual(OK);
  return body.code === 0;
}

describe('an identifier', () => {
  test.each([
    ['of the document', SAMPLE_IDENTIFIER],
    ['of a header alone', identifier({ city: '3101' })],
    ['with one capacity', identifier({ capacities: 'P7' })],
    ['with its capacities in another order', identifier({ capacities: 'P150N100S1024F1' })],
    ['with three fraction digits of F', identifier({ capacities: 'F0.125' })],
    ['with capacities of 0', identifier({ capacities: 'F0S0N0P0' })],
    ['with the largest capacity', identifier({ capacities: 'S2147483647' })],
    ['with an organization nobody knows', identifier({ organization: '99999' })],
    ['with an industry nobody knows', identifier({ industry: 'zz' })],
    ['with a resource type nobody knows', identifier({ type: '999' })],
    ['with a zone nobody knows', identifier({ zone: '000000' })],
    ['with a service nobody knows', identifier({ service: '000' })],
    ['of the first municipal city', identifier({ region: '1101' })],
    ['of the second municipal city', identifier({ region: '5002' })],
    ['of counties under direct rule', identifier({ region: '4290' })],
    ['of Taiwan', identifier({ region: '7100' })],
    ['of Hong Kong', identifier({ region: '8101' })],
    ['of Macao', identifier({ region: '8200' })],
  ])('%s is accepted', { tags: ['interconnect/id/sample', 'interconnect/id/header', 'interconnect/id/city', 'interconnect/id/municipalities', 'interconnect/id/region', 'interconnect/id/F', 'interconnect/id/S', 'interconnect/id/N', 'interconnect/id/P', 'interconnect/id/any-order', 'interconnect/id/optional', 'interconnect/id/unknown-code', 'interconnect/id/regions-71-82'] }, async (_, value) => {
    expect(await register([value])).toEqual(OK);
    expect(await isRegistered(value)).toBe(true);
  });

  test.each<[string, string, RegExp]>([
    ['of no characters', '', /./],
    ['shorter than 27 characters', identifier({}).slice(0, 26), /27/],
    ['in full-width digits', identifier({}).replace('1101', '１１０１'), /character 1\b/],
    ['whose city does not exist', identifier({ city: '9901' }), /character 1\b.*GB\/T 2260/],
    ['whose city is a province', identifier({ city: '3300' }), /GB\/T 2260/],
    ['whose region does not exist', identifier({ region: '3399' }), /GB\/T 2260/],
    ['with a digit in its industry', identifier({ industry: 't1' }), /character 6\b/],
    ['with capitals in its industry', identifier({ industry: 'TC' }), /character 5\b/],
    ['with a letter in its organization', identifier({ organization: '2000x' }), /character 11\b/],
    ['with a letter in its resource type', identifier({ type: '4o1' }), /character 13\b/],
    ['with a letter in its zone', identifier({ zone: '50260l' }), /character 24\b/],
    ['with a letter in its service type', identifier({ service: '00x' }), /character 27\b/],
    ['with a capacity that is none', identifier({ capacities: 'F1X7' }), /character 30: expected one of F S N P/],
    ['with a small letter for a capacity', identifier({ capacities: 'f1' }), /character 28: expected one of F S N P/],
    ['with the same capacity twice', identifier({ capacities: 'F1F2' }), /character 30\b/],
    ['with a capacity without a number', identifier({ capacities: 'FS1' }), /character 29\b/],
    ['with a negative capacity', identifier({ capacities: 'S-1' }), /character 29\b/],
    ['with four fraction digits of F', identifier({ capacities: 'F0.1234' }), /character 34\b/],
    ['with a fraction of S', identifier({ capacities: 'S1.5' }), /character 30\b/],
    ['with a capacity beyond an int', identifier({ capacities: 'N2147483648' }), /character 29\b/],
    ['with an exponent', identifier({ capacities: 'F1e3' }), /character 30\b/],
    ['with something left over', `${SAMPLE_IDENTIFIER} `, /character 43\b/],
    ['with a space before it', ` ${SAMPLE_IDENTIFIER}`, /character 1\b/],
    ['of 10,000 characters', SAMPLE_IDENTIFIER.padEnd(10_000, '0'), /character 256\b|255/],
  ])('%s is refused, pointing at the character', { tags: ['interconnect/id/header', 'interconnect/id/city', 'interconnect/id/industry', 'interconnect/id/organization', 'interconnect/id/resource-type', 'interconnect/id/region', 'interconnect/id/zone', 'interconnect/id/service-type', 'interconnect/id/F', 'interconnect/id/S', 'interconnect/id/N', 'interconnect/id/once', 'interconnect/id/left-over', 'interconnect/0/where'] }, async (_, value, message) => {
    const body = await register([value]);
    expect(body).toEqual({ code: 400, message: expect.stringMatching(/^computing_ids\[0\]: /), data: {} });
    expect(body.message).toMatch(message);
    expect(body.message.length).toBeLessThan(400);
  });
});

describe('registering', () => {
  test('keeps an identifier as it was written, beside what it says', { tags: ['interconnect/1/stored', 'interconnect/id/raw', 'interconnect/id/any-order', 'interconnect/id/P'] }, async () => {
    const value = identifier({ region: '4404', capacities: 'P150N100S1024F0.125' });
    expect(await register([value])).toEqual(OK);
    const { computingIdentifiers } = await world.root.ask(`{ computingIdentifiers(first: 100) { nodes {
      value computeTotal storageTotal networkTotal power city { code } industry { code } organization { code } resourceType { code } region { code } availabilityZone { code } serviceType { code }
    } } }`);
    expect(computingIdentifiers.nodes).toContainEqual({
      value, computeTotal: 0.125, storageTotal: 1024, networkTotal: 100, power: 150, city: { code: '1101' }, industry: { code: 'tc' }, organization: { code: '20004' },
      resourceType: { code: '401' }, region: { code: '4404' }, availabilityZone: { code: '502601' }, serviceType: { code: '009' },
    });
  });

  test('repeats within a request and again are accepted silently', { tags: ['interconnect/1/repeats'] }, async () => {
    const value = identifier({ region: '4403', capacities: 'F2' });
    expect(await register([value, value, value])).toEqual(OK);
    expect(await register([value])).toEqual(OK);
    const { computingIdentifiers } = await world.root.ask('{ computingIdentifiers(first: 100) { nodes { value } } }');
    expect(computingIdentifiers.nodes.filter((node: { value: string }) => node.value === value)).toHaveLength(1);
  });

  test('one bad element refuses the whole batch, and the message lists the first 20 by index', { tags: ['interconnect/1/whole', 'interconnect/1/first-20', 'interconnect/rules/whole-batch'] }, async () => {
    const good = identifier({ region: '4401', capacities: 'F3' });
    const body = await register([good, ...Array.from({ length: 25 }, (_, n) => (n % 5 === 4 ? good : 'bad'))]);
    expect(body).toMatchObject({ code: 400, data: {} });
    const listed = [...body.message.matchAll(/computing_ids\[(\d+)\]/g)].map(([, index]) => Number(index));
    const wrong = Array.from({ length: 25 }, (_, n) => n).filter((n) => n % 5 !== 4).map((n) => n + 1);
    expect(listed).toEqual(wrong.slice(0, 20));
    expect(await isRegistered(good)).toBe(false);
  });

  test.each([
    ['no list', {}],
    ['a text', 'x'],
    ['an object', { 0: SAMPLE_IDENTIFIER }],
    ['null', null],
    ['an empty list', []],
    ['10,001 elements', Array(10_001).fill(SAMPLE_IDENTIFIER)],
  ])('refuses %s', { tags: ['interconnect/1/size', 'interconnect/1/route'] }, async (_, values) => {
    expect(await register(values)).toEqual({ code: 400, message: expect.stringMatching(/^computing_ids: .*10000/), data: {} });
  });

  test.each([5, null, true, {}, [SAMPLE_IDENTIFIER]])('refuses the element %j, named by its index', async (element) => {
    expect(await register([SAMPLE_IDENTIFIER, element])).toEqual({ code: 400, message: expect.stringMatching(/^computing_ids\[1\]: /), data: {} });
  });

  test('takes 10,000 at once', { tags: ['interconnect/1/size'] }, async () => {
    expect(await register(Array.from({ length: 10_000 }, (_, n) => identifier({ region: '2101', capacities: `S${n}` })))).toEqual(OK);
    expect(await isRegistered(identifier({ region: '2101', capacities: 'S9999' }))).toBe(true);
  });

  test('an identifier that is not registered is 404 in a report, and nothing of the report is stored', { tags: ['interconnect/2/computing_id', 'interconnect/rules/whole-batch', 'interconnect/0/not-found'] }, async () => {
    const unknown = identifier({ region: '6101', capacities: 'P3' });
    const model = world.newModel();
    const { body } = await world.report(sampleReport({ gpu_model: model }), sampleReport({ gpu_model: model, computing_id: unknown, network_ips: '10.9.9.9' }));
    expect(body).toEqual({ code: 404, message: `computing_id ${unknown} not found`, data: {} });
    expect((await world.submit({ gpu_model: model })).count).toBe(0);
  });
});

describe('names of codes', () => {
  const shownAs = async (header: Header) => {
    const value = identifier(header);
    expect(await register([value])).toEqual(OK);
    const model = world.newModel();
    const { body } = await world.root.interconnect('POST', RESOURCES, { computing_resources: [sampleReport({ computing_id: value, gpu_model: model })] });
    expect(body).toEqual(OK);
    return (await world.submit({ gpu_model: model })).results[0]!;
  };

  test.each([
    ['3301', '杭州'], ['1101', '北京'], ['1102', '北京'], ['3101', '上海'], ['5001', '重庆'], ['5002', '重庆'], ['1201', '天津'],
    ['2327', '大兴安岭地区'], ['1522', '兴安盟'], ['5323', '楚雄彝族自治州'], ['4290', '湖北省'], ['4403', '深圳'], ['7100', '台湾省'],
  ])('region %s is shown as %s', { tags: ['interconnect/id/city-names', 'interconnect/id/prefectures', 'interconnect/id/regions-71-82', 'interconnect/id/cities'] }, async (code, name) => {
    expect(await shownAs({ region: code })).toMatchObject({ region: name });
  });

  test.each([['401', '智算'], ['402', '超算'], ['403', '通算'], ['777', '777']])('resource type %s is shown as %s', { tags: ['interconnect/id/seeded', 'interconnect/id/unknown-code'] }, async (type, name) => {
    expect(await shownAs({ type })).toMatchObject({ resource_type: name });
  });

  test('the sample’s codes have names, unknown ones are shown raw', { tags: ['interconnect/id/seeded', 'interconnect/id/unknown-code'] }, async () => {
    expect(await shownAs({})).toMatchObject({ organization: '中科曙光', industry: '通信', availability_zone: '可用区一', service_type: '主机' });
    expect(await shownAs({ organization: '31337', industry: 'qq', zone: '123456', service: '888' })).toMatchObject({
      organization: '31337',
      industry: 'qq',
      availability_zone: '123456',
      service_type: '888',
    });
  });

  test('a code that an admin names is shown by its name from then on, also where it was stored before', { tags: ['interconnect/id/dictionary', 'interconnect/id/unknown-code', 'interconnect/id/name-or-code'] }, async () => {
    const before = await shownAs({ organization: '31338' });
    expect(before).toMatchObject({ organization: '31338' });
    await world.root.ask('mutation ($input: NameCodeInput!) { nameCode(input: $input) { code name } }', { input: { kind: 'ORGANIZATION', code: '31338', name: '华为 <云> 🚀' } });
    const after = await world.submit({ gpu_model: before['gpu_model'] });
    expect(after.results[0]).toMatchObject({ id: before.id, organization: '华为 <云> 🚀' });
    expect((await world.submit({ gpu_model: before['gpu_model'], organization: '华为 <云> 🚀' })).count).toBe(1);
  });
});

describe('the list of zones', () => {
  const zones = async (query: string) => (await world.alice.interconnect('GET', `${RESOURCES}?${query}`)).body;
  const where = async (filter: Record<string, string>) => (await zones(new URLSearchParams({ page: '1', page_size: '1000', ...filter }).toString())).data;

  beforeAll(async () => {
    const values = [
      identifier({ organization: '40001', region: '1301', zone: '000002' }),
      identifier({ organization: '40001', region: '1301', zone: '000001', industry: 'zb' }),
      identifier({ organization: '40001', region: '1301', zone: '000001', industry: 'za' }),
      identifier({ organization: '40001', region: '1302', type: '402' }),
      identifier({ organization: '40000', region: '1302' }),
    ];
    expect(await register(values)).toEqual(OK);
    const reports = values.flatMap((computing_id) => [1, 2].map((n) => sampleReport({ computing_id, network_ips: `10.4.0.${n}` })));
    expect((await world.root.interconnect('POST', RESOURCES, { computing_resources: reports })).body).toEqual(OK);
  });

  test('has each zone once, in the order of organization, region, zone, industry, and only those four fields', { tags: ['interconnect/3/count', 'interconnect/3/results', 'interconnect/3/distinct', 'interconnect/3/order'] }, async () => {
    const { count, results } = await where({ organization: '40001' });
    expect(count).toBe(4);
    expect(results).toEqual([
      { organization: '40001', region: '石家庄', availability_zone: '000001', industry: 'za' },
      { organization: '40001', region: '石家庄', availability_zone: '000001', industry: 'zb' },
      { organization: '40001', region: '石家庄', availability_zone: '000002', industry: '通信' },
      { organization: '40001', region: '唐山', availability_zone: '可用区一', industry: '通信' },
    ]);
  });

  test.each([
    [{ organization: '40001', region: '唐山' }, 1],
    [{ organization: '40001', region: '唐山市' }, 1],
    [{ organization: '40001', region: '1302' }, 1],
    [{ organization: '40001', region: '1302', resource_type: '超算' }, 1],
    [{ organization: '40001', region: '1302', resource_type: '402' }, 1],
    [{ organization: '40001', region: '1302', resource_type: '智算' }, 0],
    [{ region: '唐山' }, 2],
    [{ organization: '40000' }, 1],
    [{ organization: 'nobody' }, 0],
    [{ region: '亚特兰蒂斯' }, 0],
    [{ region: "'; drop table resource; --" }, 0],
    [{ region: '%' }, 0],
  ])('filtered by %j has %i', { tags: ['interconnect/3/resource_type', 'interconnect/3/region', 'interconnect/3/organization', 'interconnect/id/name-or-code', 'interconnect/id/filter-names'] }, async (filter, count) => {
    const data = await where(filter);
    expect(data.count).toBe(count);
    expect(data.results).toHaveLength(count);
  });

  test('takes Chinese names without percent signs, as the document writes them and curl sends them', { tags: ['interconnect/3/route'] }, async () => {
    const target = `/api/v1/${RESOURCES}?page=1&page_size=10&resource_type=超算&region=唐山&organization=40001`;
    const answer = await sendRaw(world.platform, `GET ${target} HTTP/1.1\r\nHost: hutong\r\ntoken: ${world.alice.credential}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(answer).toContain('"count":1,"results":[{"organization":"40001","region":"唐山"');
  });

  test('a name and its code are the same filter', { tags: ['interconnect/id/name-or-code', 'interconnect/id/filter-names', 'interconnect/3/organization'] }, async () => {
    expect(await where({ organization: '中科曙光' })).toEqual(await where({ organization: '20004' }));
    expect(await where({ region: '北京' })).toEqual(await where({ region: '北京市' }));
  });

  test('comes in pages that count from 1, with the count of all', { tags: ['interconnect/3/page', 'interconnect/3/page_size', 'interconnect/3/count', 'interconnect/rules/page-one', 'interconnect/rules/page-past-end'] }, async () => {
    const whole = (await where({ organization: '40001' })).results;
    for (const [page, expected] of [[1, whole.slice(0, 3)], [2, whole.slice(3)], [3, []], [2_147_483_647, []]] as const) {
      expect(await zones(`organization=40001&page=${page}&page_size=3`)).toEqual({ code: 0, message: 'ok', data: { count: 4, results: expected } });
    }
  });

  test.each([
    ['page_size=10', /page\b/], ['page=1', /page_size/], ['', /page/],
    ['page=0&page_size=10', /^page:/], ['page=-1&page_size=10', /^page:/], ['page=x&page_size=10', /^page:/], ['page=1.5&page_size=10', /^page:/],
    ['page=1&page_size=0', /^page_size:/], ['page=1&page_size=-1', /^page_size:/], ['page=1&page_size=1001', /^page_size:.*1000/],
    ['page=1&page_size=NaN', /^page_size:/], ['page=1e1&page_size=10', /^page:/], ['page=%EF%BC%91&page_size=10', /^page:/],
    ['page=2147483648&page_size=10', /^page:/], ['page=9007199254740993&page_size=10', /^page:/], ['page=1&page_size=&', /^page_size:/],
    ['page=1&page_size=10&region=%ff%fe', /^region:.*UTF-8/], ['page=1&page_size=10&region=a%00b', /^region:.*U\+0000/],
  ])('refuses ?%s, naming the parameter', { tags: ['interconnect/3/page', 'interconnect/3/page_size', 'interconnect/rules/page-limit', 'interconnect/rules/page-value', 'interconnect/rules/int', 'interconnect/rules/utf-8', 'interconnect/rules/unstorable'] }, async (query, message) => {
    expect(await zones(query)).toEqual({ code: 400, message: expect.stringMatching(message), data: {} });
  });
});
