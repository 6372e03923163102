import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, type Actor } from '../testkit/actor.js';
import { interconnectWorld, OK, PATH, TEMPLATE, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { SAMPLE_IDENTIFIER, sampleReport } from '../testkit/sample.js';

// Task templates: what they filter by, what they answer. Task paths: which resource is taken, and which is not.

let world: InterconnectWorld;
let bob: Actor;
beforeAll(async () => {
  world = await interconnectWorld();
  bob = await actor(world.root, 'bob');
});
afterAll(() => world?.platform.dispose());

describe('a task template', () => {
  let model: string;
  const counted = async (template: Record<string, unknown>) => (await world.submit({ gpu_model: model, ...template })).count;

  beforeAll(async () => {
    model = world.newModel();
    const elsewhere = '3101ed200044024403000001009F1';
    expect((await world.provider.interconnect('POST', 'computing_ids/', { computing_ids: [elsewhere] })).body).toEqual(OK);
    const small = { cpu_performance: 100, cpu_available: 4, gpu_performance: 500, gpu_memory: 8, gpu_available: 1, network_delay: '20ms', network_performance: 10, network_isixp: false, price: 5, power_consumption: 900, network_ips: '10.5.0.1' };
    const large = { cpu_performance: 200, cpu_available: 8, gpu_performance: 900, gpu_memory: 24, gpu_available: 4, network_delay: '2ms', network_performance: 100, network_isixp: true, price: 50, power_consumption: 300, network_ips: '10.5.0.2' };
    expect((await world.report(sampleReport({ gpu_model: model, ...small }), sampleReport({ gpu_model: model, ...large, computing_id: elsewhere }))).body).toEqual(OK);
  });

  test.each<[Record<string, unknown>, number]>([
    [{}, 2],
    [{ resource_type: '智算' }, 1], [{ resource_type: '401' }, 1], [{ resource_type: ['智算', '402'] }, 2], [{ resource_type: '403' }, 0],
    [{ service_type: '主机' }, 2], [{ service_type: ['009'] }, 2], [{ service_type: '008' }, 0],
    [{ region: '杭州' }, 1], [{ region: '杭州市' }, 1], [{ region: '3301' }, 1], [{ region: ['杭州', '4403'] }, 2], [{ region: '北京' }, 0],
    [{ organization: '中科曙光' }, 2], [{ organization: '20004' }, 2], [{ organization: '20005' }, 0], [{ organization: 20004 }, 2],
    [{ industry: '通信' }, 1], [{ industry: 'ed' }, 1], [{ industry: ['tc', 'ed'] }, 2],
    [{ availability_zone: '可用区一' }, 1], [{ availability_zone: '000001' }, 1], [{ availability_zone: ['000001', '502601'] }, 2],
    [{ cpu_performance: 200 }, 1], [{ cpu_performance: 201 }, 0], [{ cpu_available: 4 }, 2], [{ cpu_available: 5 }, 1],
    [{ gpu_performance: 501 }, 1], [{ gpu_memory: 24 }, 1], [{ gpu_memory: 25 }, 0], [{ gpu_available: 1 }, 2], [{ gpu_available: 2 }, 1],
    [{ network_performance: 11 }, 1], [{ price: 5 }, 1], [{ price: 4 }, 0], [{ price: 50 }, 2],
    [{ network_delay: '2ms' }, 1], [{ network_delay: 19 }, 1], [{ network_delay: '1s' }, 2], [{ network_delay: '0.5ms' }, 0],
    [{ power_consumption: 300 }, 1], [{ power_consumption: 299 }, 0], [{ network_isixp: true }, 1], [{ network_isixp: false }, 1],
    [{ gpu_memory: 8, price: 10, region: '杭州' }, 1], [{ gpu_memory: 24, price: 10 }, 0],
    [{ nobody_knows: 'this', nested: { gpu_memory: 99 } }, 2],
  ])('%j matches %i of the two', { tags: ['interconnect/4/codes', 'interconnect/4/minimum', 'interconnect/4/maximum', 'interconnect/4/isixp', 'interconnect/4/any', 'interconnect/id/name-or-code', 'interconnect/id/filter-names'] }, async (template, count) => {
    expect(await counted(template)).toBe(count);
  });

  test('finds the model by any part of it, in any case', { tags: ['interconnect/4/model'] }, async () => {
    const part = model.slice(7, 30);
    expect((await world.submit({ gpu_model: part.toUpperCase() })).count).toBe(2);
    expect((await world.submit({ gpu_model: part.toLowerCase() })).count).toBe(2);
    expect((await world.submit({ gpu_model: '%' })).count).toBe(0);
    expect((await world.submit({ gpu_model: `${model.slice(0, 8)}_` })).count).toBe(0);
  });

  test('in the later form filters by its data', { tags: ['interconnect/4/later-form', 'interconnect/4/kept', 'interconnect/rules/id'] }, async () => {
    const body = { source: 'portal', session_identifier: 's-1', data: { gpu_model: model, gpu_memory: 24 } };
    const { count, task_id } = await world.submit(body);
    expect(count).toBe(1);
    const { task } = await world.alice.ask('query ($id: ID!) { task(id: $id) { template source sessionIdentifier } }', { id: String(task_id) });
    expect(task).toEqual({ template: body, source: 'portal', sessionIdentifier: 's-1' });
  });

  test('is kept whole, whatever is in it', { tags: ['interconnect/4/kept', 'interconnect/4/any'] }, async () => {
    const odd = { '': null, '名': ["'; drop table task; --", '<b>', '🚀', '\u202E'], deep: { a: [{ b: [1.5, -0.25, 1e21, true] }] }, gpu_model: model };
    const { task_id } = await world.submit(odd);
    const { task } = await world.alice.ask('query ($id: ID!) { task(id: $id) { template } }', { id: String(task_id) });
    expect(task.template).toEqual(odd);
  });

  test.each<[string, unknown]>([
    ...['resource_type', 'service_type', 'region', 'organization', 'industry', 'availability_zone'].flatMap((key) => [[key, 1.5], [key, -1], [key, true], [key, {}], [key, [true]], [key, ['x', null]], [key, [['x']]]] as [string, unknown][]),
    ['gpu_model', 5], ['gpu_model', ['RTX']], ['gpu_model', {}],
    ...['cpu_performance', 'cpu_available', 'gpu_performance', 'gpu_memory', 'gpu_available', 'network_performance', 'price', 'power_consumption'].flatMap(
      (key) => [[key, 'x'], [key, -1], [key, 1.5], [key, 2 ** 31], [key, 2 ** 53 + 2], [key, true], [key, []], [key, {}]] as [string, unknown][],
    ),
    ['network_delay', 'soon'], ['network_delay', -1], ['network_delay', true], ['network_delay', {}],
    ['network_isixp', 'yes'], ['network_isixp', 1], ['network_isixp', []],
  ])('with %s %j is refused, naming the key, in both forms', { tags: ['interconnect/4/wrong-type'] }, async (key, value) => {
    const plain = await world.alice.interconnect('POST', TEMPLATE, { [key]: value });
    expect(plain.body).toEqual({ code: 400, message: expect.stringMatching(new RegExp(`^${key}\\b`)), data: {} });
    const later = await world.alice.interconnect('POST', TEMPLATE, { source: 'x', session_identifier: 'y', data: { [key]: value } });
    expect(later.body).toEqual({ code: 400, message: expect.stringMatching(new RegExp(`^data\\.${key}\\b`)), data: {} });
  });

  test('answers the count of all matches and the best 100', { tags: ['interconnect/4/count', 'interconnect/4/best-100'] }, async () => {
    const many = world.newModel();
    await world.report(...Array.from({ length: 120 }, (_, n) => sampleReport({ gpu_model: many, price: 1_000 - n, network_ips: `10.6.0.${n + 1}` })));
    const { count, results } = await world.submit({ gpu_model: many });
    expect(count).toBe(120);
    expect(results.map((resource) => resource['price'])).toEqual(Array.from({ length: 100 }, (_, n) => 881 + n));
  });

  test('ranks by price, then most free GPUs, then lowest delay, then id, and a resource without a price last', { tags: ['interconnect/4/order'] }, async () => {
    const ranked = world.newModel();
    const expected = [
      { price: 1, gpu_available: 1, network_delay: '9ms' },
      { price: 2, gpu_available: 8, network_delay: '9ms' },
      { price: 2, gpu_available: 4, network_delay: '1ms' },
      { price: 2, gpu_available: 4, network_delay: '2ms' },
      { price: 2, gpu_available: 4, network_delay: '2ms' },
      { price: null, gpu_available: 99, network_delay: '0ms' },
    ];
    const reports = expected.map((fields, n) => sampleReport({ gpu_model: ranked, ...fields, network_ips: `10.7.0.${n + 1}` }));
    for (const report of [reports[5]!, reports[3]!, reports[0]!, reports[2]!, reports[1]!, reports[4]!]) await world.report(report);
    const { results } = await world.submit({ gpu_model: ranked });
    expect(results.map(({ price, gpu_available, network_delay }) => ({ price, gpu_available, network_delay }))).toEqual(expected);
    expect(results[3]!.id).toBeLessThan(results[4]!.id);
    expect((await world.submit({ gpu_model: ranked })).results.map(({ id }) => id)).toEqual(results.map(({ id }) => id));
    const { __type } = await world.alice.ask('{ __type(name: "ResourceMatch") { fields { name description } } }');
    expect(__type.fields.find(({ name }: { name: string }) => name === 'resources').description).toMatch(/cheapest first \(no price last\), then most free GPUs, most free CPUs, shortest delay, lowest id/);
  });

  test('offers every resource with exactly the fields of the document', { tags: ['interconnect/4/id', 'interconnect/4/names', 'interconnect/4/report'] }, async () => {
    const { results } = await world.submit({ gpu_model: model });
    const { computing_id: _, ...reported } = sampleReport();
    const named = ['id', 'organization', 'region', 'availability_zone', 'industry', 'resource_type', 'service_type'];
    for (const resource of results) expect(Object.keys(resource).toSorted()).toEqual([...named, ...Object.keys(reported)].toSorted());
  });
});

describe('choosing a path', () => {
  const chosen = (url: string) => ({ code: 0, message: 'ok', data: { computing_resource_url: url } });

  test.each([
    ['80,443', '192.168.1.1', 'http://192.168.1.1:80'],
    ['443', '192.168.1.1,10.0.0.1', 'http://192.168.1.1:443'],
    ['8000-8100,80', '10.0.0.9', 'http://10.0.0.9:8000'],
    ['80', '2001:db8::1', 'http://[2001:db8::1]:80'],
    ['65535', '::1,10.0.0.1', 'http://[::1]:65535'],
  ])('with ports %s and addresses %s answers %s', { tags: ['interconnect/5/first-address', 'interconnect/5/port-range', 'interconnect/5/ipv6', 'interconnect/5/url'] }, async (network_ports, network_ips_available, url) => {
    const { taskId, resourceId } = await world.offered({ network_ports, network_ips_available });
    expect((await world.choose(taskId, resourceId)).body).toEqual(chosen(url));
  });

  test.each([['no address', { network_ips_available: '' }], ['no port', { network_ports: '' }], ['neither', { network_ips_available: '', network_ports: '' }]])(
    'of a resource with %s is 409, and reserves nothing',
    { tags: ['interconnect/5/no-address'] }, async (_, over) => {
      const { taskId, resourceId } = await world.offered({ ...over, gpu_available: 2 }, { gpu_available: 1 });
      expect((await world.choose(taskId, resourceId)).body).toEqual({ code: 409, message: expect.any(String), data: {} });
      expect(await world.reserved(resourceId)).toEqual({ gpu: 0, cpu: 0 });
    },
  );

  test('again answers the same, and reserves once', { tags: ['interconnect/5/same-again', 'interconnect/5/reserved'] }, async () => {
    const { taskId, resourceId } = await world.offered({ gpu_available: 4, cpu_available: 8 }, { gpu_available: 2, cpu_available: 3 });
    const first = await world.choose(taskId, resourceId);
    expect(first.body.code).toBe(0);
    for (let again = 0; again < 3; again++) expect((await world.choose(taskId, resourceId)).body).toEqual(first.body);
    expect(await world.reserved(resourceId)).toEqual({ gpu: 2, cpu: 3 });
  });

  test('reserves nothing when the template asked for nothing, even of a resource with nothing left', { tags: ['interconnect/5/reserved', 'interconnect/5/nothing-left', 'interconnect/rules/id'] }, async () => {
    const { taskId, resourceId } = await world.offered({ gpu_available: 0, cpu_available: 0 });
    expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
    expect(await world.reserved(resourceId)).toEqual({ gpu: 0, cpu: 0 });
  });

  test('of another resource moves the task and gives the first one back', { tags: ['interconnect/5/moves'] }, async () => {
    const model = world.newModel();
    await world.report(...[1, 2].map((n) => sampleReport({ gpu_model: model, gpu_available: 1, network_ips: `10.8.0.${n}`, network_ips_available: `10.8.0.${n}` })));
    const { task_id, results } = await world.submit({ gpu_model: model, gpu_available: 1 });
    const [first, second] = results.map(({ id }) => id) as [number, number];
    expect((await world.choose(task_id, first)).body.code).toBe(0);
    expect((await world.choose(task_id, second)).body).toEqual(chosen('http://10.8.0.2:80'));
    expect([await world.reserved(first), await world.reserved(second)]).toEqual([{ gpu: 0, cpu: 0 }, { gpu: 1, cpu: 0 }]);
    expect((await world.choose(task_id, first)).body).toEqual(chosen('http://10.8.0.1:80'));
    expect([await world.reserved(first), await world.reserved(second)]).toEqual([{ gpu: 1, cpu: 0 }, { gpu: 0, cpu: 0 }]);
  });

  test('with result false records the refusal, answers an empty address and gives back what was taken', { tags: ['interconnect/5/refused', 'interconnect/5/recorded', 'interconnect/5/result'] }, async () => {
    const { taskId, resourceId } = await world.offered({ gpu_available: 1 }, { gpu_available: 1 });
    expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
    expect((await world.choose(taskId, resourceId, false)).body).toEqual(chosen(''));
    expect(await world.reserved(resourceId)).toEqual({ gpu: 0, cpu: 0 });
    const { task } = await world.alice.ask('query ($id: ID!) { task(id: $id) { state } }', { id: String(taskId) });
    expect(task.state).toBe('REFUSED');
    expect((await world.choose(taskId, resourceId, false)).body).toEqual(chosen(''));
  });

  test('of a resource whose capacity another task has taken is 409', { tags: ['interconnect/5/no-capacity', 'interconnect/0/conflict'] }, async () => {
    const { taskId, resourceId, model } = await world.offered({ gpu_available: 1 }, { gpu_available: 1 });
    const other = await world.submit({ gpu_model: model, gpu_available: 1 }, bob);
    expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
    const { body } = await world.choose(other.task_id, resourceId, true, bob);
    expect(body).toEqual({ code: 409, message: expect.any(String), data: {} });
    expect(await world.reserved(resourceId)).toEqual({ gpu: 1, cpu: 0 });
  });

  test('of a resource that was not offered to the task is 409', { tags: ['interconnect/5/not-offered', 'interconnect/0/conflict'] }, async () => {
    const [one, other] = [await world.offered(), await world.offered()];
    expect((await world.choose(one.taskId, other.resourceId)).body).toEqual({ code: 409, message: expect.any(String), data: {} });
  });

  test('of an unknown task or resource is 404', { tags: ['interconnect/5/unknown', 'interconnect/0/not-found'] }, async () => {
    const { taskId, resourceId } = await world.offered();
    for (const unknown of [0, 2_147_483_647]) {
      expect((await world.choose(unknown, resourceId)).body).toEqual({ code: 404, message: expect.any(String), data: {} });
      expect((await world.choose(taskId, unknown)).body).toEqual({ code: 404, message: expect.any(String), data: {} });
      expect((await world.choose(taskId, unknown, false)).body).toMatchObject({ code: 404 });
    }
  });

  test('of somebody else’s task is as if it were not there', async () => {
    const { taskId, resourceId } = await world.offered();
    expect((await world.choose(taskId, resourceId, true, bob)).body).toMatchObject({ code: 404, data: {} });
    expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
  });

  const NO_INT = [null, undefined, '1', 1.5, -1, 2 ** 31, 2 ** 53 + 2, true, [], {}];
  test.each<[string, unknown]>([
    ...NO_INT.map((value) => ['task_id', value] as [string, unknown]),
    ...NO_INT.map((value) => ['computing_resource_id', value] as [string, unknown]),
    ...[null, undefined, 'true', 0, 1, [], {}].map((value) => ['result', value] as [string, unknown]),
  ])('with %s %j is refused, naming the field', { tags: ['interconnect/5/task_id', 'interconnect/5/computing_resource_id', 'interconnect/5/result', 'interconnect/rules/int'] }, async (field, value) => {
    const { body } = await world.alice.interconnect('POST', PATH, { task_id: 1, computing_resource_id: 1, result: true, [field]: value });
    expect(body).toEqual({ code: 400, message: expect.stringMatching(new RegExp(`^${field}: `)), data: {} });
  });
});

test('a reservation counts until a report that was observed after it', { tags: ['interconnect/5/counts-until', 'interconnect/2/observed_at', 'interconnect/2/observed-before'] }, async () => {
  const { taskId, resourceId, model } = await world.offered({ gpu_available: 1, network_ips: '10.9.0.1' }, { gpu_available: 1 });
  expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
  const report = (over: Record<string, unknown>) => world.report(sampleReport({ gpu_model: model, network_ips: '10.9.0.1', gpu_available: 1, ...over }));
  const matches = async () => (await world.submit({ gpu_model: model, gpu_available: 1 })).count;
  expect(await matches()).toBe(0);
  await report({});
  expect(await matches(), 'a report that says nothing of its time may be older than the reservation').toBe(0);
  await report({ observed_at: new Date(Date.now() - 3_600_000).toISOString() });
  expect(await matches(), 'a report measured before the reservation').toBe(0);
  await report({ observed_at: new Date().toISOString() });
  expect(await matches(), 'a report that has seen the reservation says what is left').toBe(1);
});

test('the sample of the document works as it stands', { tags: ['interconnect/1/route', 'interconnect/2/route', 'interconnect/0/good', 'interconnect/0/code-0'] }, async () => {
  expect((await world.provider.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] })).body).toEqual(OK);
  expect((await world.report(sampleReport())).body).toEqual(OK);
  const { results } = await world.submit({ gpu_model: 'RTX 3080' });
  expect(results[0]).toMatchObject({ gpu_available: 0, cpu_available: 0, price: 100 });
});
