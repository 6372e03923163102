import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { failing } from '../testkit/fake.graph.js';
import { RestServer } from '../testkit/rest.server.js';
import { IDENTIFIER, sampleReport, sampleReportInput, sampleResource, sampleZone } from '../testkit/samples.js';

let rest: RestServer;
beforeAll(async () => { rest = await RestServer.start(); });
afterAll(() => rest[Symbol.asyncDispose]());
beforeEach(() => {
  rest.graph.requests.length = 0;
  rest.logged.length = 0;
  rest.graph.fields = {
    registerComputingIdentifiers: () => ({ count: 1 }),
    reportComputingResources: () => ({ count: 1 }),
    availabilityZones: () => ({ totalCount: 41, nodes: [sampleZone] }),
    submitTask: () => ({ id: '7', offers: () => ({ totalCount: 230, nodes: [{ rank: 1, resource: sampleResource }] }) }),
    chooseTaskPath: () => ({ resourceUrl: 'http://192.168.1.1:80' }),
  };
});

const OK = { code: 0, message: 'ok', data: {} };
const IDS = '/api/v1/computing_ids/';
const RESOURCES = '/api/v1/computing_resources/';
const TEMPLATE = '/api/v1/query_computing_resources_by_task_template/';
const PATH = '/api/v1/task_path/';

const reports = (...changes: object[]) => ({ computing_resources: changes.map((change) => ({ ...sampleReport, ...change })) });

async function refusal(path: string, body: unknown): Promise<{ code: number; message: string }> {
  const before = rest.graph.requests.length;
  const { status, json } = await rest.post(path, body);
  expect(status).toBe(200);
  expect(json.data).toEqual({});
  expect(rest.graph.requests.length, 'the graph was asked').toBe(before);
  return { code: json.code, message: json.message };
}

describe('registering identifiers', () => {
  it('answers as the document says and hands the identifiers to the graph', async () => {
    const answer = await rest.post(IDS, { computing_ids: [IDENTIFIER, IDENTIFIER] });
    expect(answer.status).toBe(200);
    expect(answer.text).toBe('{"code":0,"message":"ok","data":{}}');
    expect(rest.graph.variables).toEqual({ input: { values: [IDENTIFIER, IDENTIFIER] } });
  });

  it('lists the bad elements by index and counts the rest', async () => {
    const failures = Array.from({ length: 20 }, (_, at) => ({ index: at * 2, message: 'character 30: expected one of F S N P' }));
    rest.graph.fields['registerComputingIdentifiers'] = failing('23 identifiers are invalid',
      { code: 'IDENTIFIER_INVALID', field: 'input.values', failures, failureCount: 23 });
    const { json } = await rest.post(IDS, { computing_ids: ['x'] });
    expect(json.code).toBe(400);
    expect(json.message).toMatch(/^computing_ids\[0\]: character 30: expected one of F S N P; computing_ids\[2\]: .*computing_ids\[38\]: .*; and 3 more$/);
  });

  it('refuses lists that are no list, empty, too long, or of other things than text', async () => {
    expect(await refusal(IDS, {})).toEqual({ code: 400, message: 'computing_ids: expected a list of 1 to 10000 elements, got nothing' });
    expect(await refusal(IDS, { computing_ids: [] })).toEqual({ code: 400, message: 'computing_ids: expected a list of 1 to 10000 elements, got 0' });
    expect(await refusal(IDS, { computing_ids: Array(10_001).fill('') })).toMatchObject({ code: 400, message: expect.stringContaining('got 10001') });
    expect(await refusal(IDS, { computing_ids: ['a', 5, 'b', null] })).toEqual({
      code: 400,
      message: 'computing_ids[1]: expected text, got 5; computing_ids[3]: expected text, got null',
    });
  });

  it('stops listing after twenty bad elements', async () => {
    const { message } = await refusal(IDS, { computing_ids: Array(10_000).fill(5) });
    expect(message.split('; ')).toHaveLength(20);
  });
});

describe('reporting resources', () => {
  it('hands the document’s sample to the graph under the graph’s names', async () => {
    expect((await rest.post(RESOURCES, reports({}))).json).toEqual(OK);
    expect(rest.graph.variables).toEqual({ input: { reports: [sampleReportInput] } });
  });

  it('accepts every form of a delay, numeric texts, a missing price and a time with any zone', async () => {
    const { price: _, ...free } = sampleReport;
    const body = { computing_resources: [
      { ...free, network_delay: '0.5ms', power_consumption: '150', gpu_available: '4' },
      { ...sampleReport, network_delay: '1s', price: null },
      { ...sampleReport, network_delay: '1.005s' },
      { ...sampleReport, network_delay: 0.25, observed_at: '2026-01-31T08:00:00+08:00' },
    ] };
    expect((await rest.post(RESOURCES, body)).json).toEqual(OK);
    const { reports: sent } = (rest.graph.variables as { input: { reports: Record<string, unknown>[] } }).input;
    expect(sent.map((report) => report['networkDelayMs'])).toEqual([0.5, 1000, 1005, 0.25]);
    expect(sent[0]).toMatchObject({ powerConsumption: 150, gpuAvailable: 4 });
    expect(sent[0]).not.toHaveProperty('price');
    expect(sent[1]).toMatchObject({ price: null });
    expect(sent[3]).toMatchObject({ observedAt: '2026-01-31T00:00:00.000Z' });
  });

  it.each([
    ['gpu_memory', 'x', 'expected an integer ≥ 0, got "x"'],
    ['gpu_memory', -1, 'expected an integer ≥ 0, got -1'],
    ['gpu_memory', 1.5, 'expected an integer ≥ 0, got 1.5'],
    ['gpu_memory', { toString: 1, valueOf: 1 }, 'expected an integer ≥ 0, got an object'],
    ['gpu_memory', 2 ** 31, 'expected an integer ≤ 2147483647, got 2147483648'],
    ['gpu_memory', 2 ** 53 + 2, 'expected an integer ≤ 2147483647, got 9007199254740994'],
    ['cpu_performance', '2000', 'expected an integer ≥ 0, got "2000"'],
    ['cpu_available', undefined, 'expected an integer ≥ 0, got nothing'],
    ['power_consumption', 'NaN', 'expected an integer ≥ 0, got "NaN"'],
    ['power_consumption', undefined, 'expected an integer ≥ 0, got nothing'],
    ['gpu_available', '2147483648', 'expected an integer ≤ 2147483647, got "2147483648"'],
    ['gpu_model', 7, 'expected text, got 7'],
    ['gpu_model', 'x'.repeat(256), `expected text of at most 255 characters, got "${'x'.repeat(60)}…"`],
    ['network_delay', '5', 'expected a delay such as "5ms", "0.5ms", "1s" or a number of ms, got "5"'],
    ['network_delay', -1, 'expected a delay such as "5ms", "0.5ms", "1s" or a number of ms, got -1'],
    ['network_delay', undefined, 'expected a delay such as "5ms", "0.5ms", "1s" or a number of ms, got nothing'],
    ['network_isixp', 1, 'expected true or false, got 1'],
    ['network_ips', '1.2.3.4,300.1.1.1', 'expected a comma list of IPv4 or IPv6 addresses, got "1.2.3.4,300.1.1.1"'],
    ['network_ports', '80,70000', 'expected a comma list of ports or ranges of ports from 1 to 65535, got "80,70000"'],
    ['network_ports', '90-80', 'expected a comma list of ports or ranges of ports from 1 to 65535, got "90-80"'],
    ['network_available', null, 'expected text, got null'],
    ['price', '100', 'expected an integer ≥ 0, got "100"'],
    ['observed_at', 'yesterday', 'expected a time in ISO 8601 from 1970 to 9999, got "yesterday"'],
    ['observed_at', '2026-02-30T00:00:00Z', 'expected a time in ISO 8601 from 1970 to 9999, got "2026-02-30T00:00:00Z"'],
    ['observed_at', '0000-01-01T00:00:00Z', 'expected a time in ISO 8601 from 1970 to 9999, got "0000-01-01T00:00:00Z"'],
  ])('names %s when it is %s', async (field, value, message) => {
    const bad = JSON.parse(JSON.stringify({ ...sampleReport, [field]: value }));
    expect(await refusal(RESOURCES, { computing_resources: [sampleReport, sampleReport, sampleReport, bad] })).toEqual({
      code: 400,
      message: `computing_resources[3].${field}: ${message}`,
    });
  });

  it('takes a model of 255 characters outside the basic plane', async () => {
    expect((await rest.post(RESOURCES, reports({ gpu_model: '🚀'.repeat(255) }))).json).toEqual(OK);
  });

  it('names an element that is no object', async () => {
    expect((await refusal(RESOURCES, { computing_resources: [sampleReport, 7] })).message).toBe('computing_resources[1]: expected an object, got 7');
  });

  it('answers 404 with the identifier that is not registered', async () => {
    rest.graph.fields['reportComputingResources'] = failing('input.reports[1].identifier: not registered',
      { code: 'IDENTIFIER_NOT_REGISTERED', field: 'input.reports[1].identifier' });
    const { json } = await rest.post(RESOURCES, reports({}, { computing_id: 'unheard-of' }));
    expect(json).toEqual({ code: 404, message: 'computing_id unheard-of not found', data: {} });
  });

  it('gives the graph’s fields their own names back', async () => {
    rest.graph.fields['reportComputingResources'] = failing('input.reports[3].networkIps: too long',
      { code: 'BAD_INPUT', field: 'input.reports[3].networkIps' });
    expect((await rest.post(RESOURCES, reports({}))).json).toEqual({ code: 400, message: 'computing_resources[3].network_ips: too long', data: {} });
  });
});

describe('listing zones', () => {
  it('answers the page with names unescaped', async () => {
    const answer = await rest.get(`${RESOURCES}?page=3&page_size=10&resource_type=${encodeURIComponent('超算')}&organization=20004`);
    expect(answer.text).toBe('{"code":0,"message":"ok","data":{"count":41,"results":[{"organization":"中科曙光","region":"北京","availability_zone":"可用区一","industry":"金融"}]}}');
    expect(rest.graph.variables).toEqual({ filter: { resourceType: '超算', organization: '20004' }, first: 10, offset: 20 });
  });

  it('reads a query that is written without percent signs, as in the document', async () => {
    const answer = await rest.raw(`GET ${RESOURCES}?page=1&page_size=10&resource_type=超算&region=北京&organization=中科曙光 HTTP/1.1\r\nHost: x\r\ntoken: secret\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(answer).toContain('"code":0');
    expect(rest.graph.variables).toMatchObject({ filter: { resourceType: '超算', region: '北京', organization: '中科曙光' } });
    expect(rest.graph.requests.at(-1)?.caller.address).toContain('127.0.0.1');
  });

  it('asks for the count even of a page far beyond the end', async () => {
    expect((await rest.get(`${RESOURCES}?page=2147483647&page_size=1000`)).json.code).toBe(0);
    expect(rest.graph.variables).toMatchObject({ first: 1000, offset: 2_147_483_647 });
  });

  it.each([
    ['', 'page: expected an integer ≥ 1, got nothing; page_size: expected an integer from 1 to 1000, got nothing'],
    ['page=0&page_size=10', 'page: expected an integer ≥ 1, got "0"'],
    ['page=-1&page_size=10', 'page: expected an integer ≥ 1, got "-1"'],
    ['page=1.0&page_size=10', 'page: expected an integer ≥ 1, got "1.0"'],
    ['page=1&page_size=1001', 'page_size: expected an integer from 1 to 1000, got "1001"'],
    ['page=1&page_size=x', 'page_size: expected an integer from 1 to 1000, got "x"'],
    ['page=2147483648&page_size=1', 'page: expected an integer ≥ 1, got "2147483648"'],
    ['page=1&page=2&page_size=10', 'page: given more than once'],
    ['page=1&page_size=10&region=%ff', 'region: not valid UTF-8'],
    ['page=1&page_size=10&region=a%00', 'region: U+0000 cannot be stored'],
  ])('refuses ?%s', async (query, message) => {
    const { json } = await rest.get(`${RESOURCES}?${query}`);
    expect(json).toEqual({ code: 400, message, data: {} });
    expect(rest.graph.requests).toHaveLength(0);
  });

  it('ignores parameters that it does not know, however broken', async () => {
    expect((await rest.get(`${RESOURCES}?page=1&page_size=10&%ff=%zz&__proto__=1&_=1&_=2&region=`)).json.code).toBe(0);
    expect(rest.graph.variables).toMatchObject({ filter: {} });
  });
});

describe('submitting a task template', () => {
  it('answers the task with every field of the offered resources', async () => {
    const { json } = await rest.post(TEMPLATE, {});
    const { computing_id: _, ...reported } = sampleReport;
    expect(json.data).toEqual({
      task_id: 7,
      count: 230,
      results: [{ id: 1, organization: '中科曙光', region: '北京', availability_zone: '可用区一', industry: '金融', resource_type: '超算', service_type: '主机', ...reported }],
    });
    expect(rest.graph.variables).toEqual({ input: { template: {} } });
  });

  it('shows a missing price as null and a fraction of a millisecond without an exponent', async () => {
    const resource = { ...sampleResource, price: null, networkDelayMs: 0.0000005 };
    rest.graph.fields['submitTask'] = () => ({ id: '7', offers: { totalCount: 1, nodes: [{ rank: 1, resource }] } });
    expect((await rest.post(TEMPLATE, {})).json.data.results[0]).toMatchObject({ price: null, network_delay: '0.0000005ms' });
  });

  it('recognises the later form and keeps the whole of it', async () => {
    const later = { source: 'portal', session_identifier: 's-1', data: { gpu_memory: 24 }, note: '保留' };
    await rest.post(TEMPLATE, later);
    expect(rest.graph.variables).toEqual({ input: { template: later, source: 'portal', sessionIdentifier: 's-1' } });
  });

  it('takes an object that only resembles the later form as it is', async () => {
    for (const plain of [{ source: 5 }, { data: { gpu_memory: 24 } }, { source: 'x', data: [1] }]) {
      await rest.post(TEMPLATE, plain);
      expect(rest.graph.variables).toEqual({ input: { template: plain } });
    }
  });

  it('leaves what is no text in a later form to the template alone', async () => {
    const later = { source: 5, session_identifier: null, data: {} };
    await rest.post(TEMPLATE, later);
    expect(rest.graph.variables).toEqual({ input: { template: later } });
  });

  it('keeps unusual text and names as they were sent', async () => {
    const template = JSON.parse('{"__proto__": {"gpu_memory": 1}, "名": "🚀 \'; drop table task; -- <b>‮", "nested": {"constructor": null}}');
    expect((await rest.post(TEMPLATE, JSON.stringify(template))).json.code).toBe(0);
    expect(JSON.stringify(rest.graph.variables)).toBe(JSON.stringify({ input: { template } }));
  });

  it('names a known key of a wrong type as the caller wrote it', async () => {
    for (const [field, own] of [['input.template.gpu_memory', 'gpu_memory'], ['input.template.data.gpu_memory', 'data.gpu_memory']]) {
      rest.graph.fields['submitTask'] = failing(`${field}: expected an integer ≥ 0, got "x"`, { code: 'BAD_INPUT', field });
      expect((await rest.post(TEMPLATE, { gpu_memory: 'x' })).json).toEqual({ code: 400, message: `${own}: expected an integer ≥ 0, got "x"`, data: {} });
    }
  });
});

describe('choosing a path', () => {
  it('answers the address of an accepted resource', async () => {
    const { json } = await rest.post(PATH, { task_id: 1, computing_resource_id: 2, result: true });
    expect(json).toEqual({ code: 0, message: 'ok', data: { computing_resource_url: 'http://192.168.1.1:80' } });
    expect(rest.graph.variables).toEqual({ input: { taskId: '1', computingResourceId: '2', accept: true } });
  });

  it('answers an empty address to a refusal', async () => {
    const { json } = await rest.post(PATH, { task_id: 1, computing_resource_id: 2, result: false });
    expect(json.data).toEqual({ computing_resource_url: '' });
  });

  it('names what is missing or of a wrong type', async () => {
    expect(await refusal(PATH, { task_id: '1', result: 'true' })).toEqual({
      code: 400,
      message: 'task_id: expected an integer ≥ 0, got "1"; computing_resource_id: expected an integer ≥ 0, got nothing; result: expected true or false, got "true"',
    });
  });

  it.each([
    ['TASK_NOT_FOUND', 404], ['RESOURCE_NOT_FOUND', 404], ['NOT_OFFERED', 409], ['RESOURCE_STALE', 409], ['NO_CAPACITY', 409],
    ['NO_ADDRESS', 409], ['PROVIDER_REFUSED', 409], ['PROVIDER_UNREACHABLE', 409], ['TASK_NOT_OPEN', 409], ['FORBIDDEN', 403],
    ['UNAUTHENTICATED', 401], ['CSRF_TOKEN_WRONG', 403], ['TOO_MANY_LOGINS', 429], ['SUBGRAPH_UNAVAILABLE', 500],
  ])('answers %s with code %i', { tags: ['interconnect/0/not-found', 'interconnect/0/conflict', 'interconnect/0/not-allowed', 'interconnect/0/too-many'] }, async (code, number) => {
    rest.graph.fields['chooseTaskPath'] = failing('why', { code });
    const { status, json } = await rest.post(PATH, { task_id: 1, computing_resource_id: 2, result: true });
    expect(status).toBe(200);
    expect(json).toEqual({ code: number, message: 'why', data: {} });
  });
});
