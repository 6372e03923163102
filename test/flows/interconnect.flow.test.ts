import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { actor, admin, type Actor } from '../testkit/actor.js';
import { startPlatform, type Platform } from '../testkit/platform.js';
import { SAMPLE_IDENTIFIER, sampleGraphReport, sampleReport } from '../testkit/sample.js';

let platform: Platform;
let provider: Actor;
let alice: Actor;

const REGISTER = 'mutation ($input: RegisterComputingIdentifiersInput!) { registerComputingIdentifiers(input: $input) { __typename } }';
const REPORT = 'mutation ($input: ReportComputingResourcesInput!) { reportComputingResources(input: $input) { __typename } }';
const SUBMIT = `mutation ($input: SubmitTaskInput!) { submitTask(input: $input) {
  id state offers(first: 100) { totalCount nodes { rank score resource {
    id gpuModel price networkDelayMs gpuAvailable
    identifier { value region { name } organization { name } availabilityZone { name } industry { name } resourceType { name } serviceType { name } } } } } } }`;
const CHOOSE = 'mutation ($input: ChooseTaskPathInput!) { chooseTaskPath(input: $input) { id state resourceUrl chosen { id identifier { value } } } }';

describe('a provider registers and reports, a user submits, chooses and gets an address', () => {
  beforeAll(async () => {
    platform = await startPlatform();
    const root = await admin(platform);
    provider = await actor(root, 'sugon', { roles: ['PROVIDER'], organization: '20004' });
    alice = await actor(root, 'alice');
  });
  afterAll(() => platform?.dispose());

  test('through the legacy routes, as the document shows it', async () => {
    const ok = { code: 0, message: 'ok', data: {} };
    const registered = await provider.interconnect('POST', 'computing_ids/', { computing_ids: [SAMPLE_IDENTIFIER] });
    expect(registered).toMatchObject({ status: 200, body: ok });
    const reported = await provider.interconnect('POST', 'computing_resources/', { computing_resources: [sampleReport({ gpu_available: 8 })] });
    expect(reported).toMatchObject({ status: 200, body: ok });

    const zones = await alice.interconnect('GET', 'computing_resources/?page=1&page_size=10&region=杭州&organization=中科曙光');
    expect(zones.body).toEqual({
      code: 0,
      message: 'ok',
      data: { count: 1, results: [{ organization: '中科曙光', region: '杭州', availability_zone: '可用区一', industry: '通信' }] },
    });

    const submitted = await alice.interconnect('POST', 'query_computing_resources_by_task_template/', { gpu_model: 'rtx 3080', gpu_available: 1 });
    expect(submitted.body).toMatchObject({ code: 0, data: { count: 1, task_id: expect.any(Number) } });
    const [offer] = submitted.body.data.results;
    const { computing_id: _, ...described } = sampleReport({ gpu_available: 8 });
    expect(offer).toEqual({
      ...described,
      id: expect.any(Number),
      organization: '中科曙光',
      region: '杭州',
      availability_zone: '可用区一',
      industry: '通信',
      resource_type: '智算',
      service_type: '主机',
    });

    const chosen = await alice.interconnect('POST', 'task_path/', { task_id: submitted.body.data.task_id, computing_resource_id: offer.id, result: true });
    expect(chosen.body).toEqual({ code: 0, message: 'ok', data: { computing_resource_url: 'http://192.168.1.1:80' } });
  });

  test('through GraphQL, with the same result', async () => {
    await provider.ask(REGISTER, { input: { values: [SAMPLE_IDENTIFIER] } });
    await provider.ask(REPORT, { input: { reports: [sampleGraphReport({ gpuAvailable: 8 })] } });
    const { submitTask: task } = await alice.ask(SUBMIT, { input: { template: { gpu_model: 'rtx 3080', gpu_available: 1 } } });
    expect(task).toMatchObject({ state: 'OFFERED', offers: { totalCount: 1 } });
    const { resource } = task.offers.nodes[0];
    expect(resource).toMatchObject({
      gpuModel: 'RTX 3080',
      identifier: { value: SAMPLE_IDENTIFIER, region: { name: '杭州' }, organization: { name: '中科曙光' }, serviceType: { name: '主机' } },
    });
    const { chooseTaskPath } = await alice.ask(CHOOSE, { input: { taskId: task.id, computingResourceId: resource.id, accept: true } });
    expect(chooseTaskPath).toMatchObject({
      state: 'ALLOCATED',
      resourceUrl: 'http://192.168.1.1:80',
      chosen: { id: resource.id, identifier: { value: SAMPLE_IDENTIFIER } },
    });
  });

  test('a task begun by an old client is the same task in the graph', async () => {
    const { body } = await alice.interconnect('POST', 'query_computing_resources_by_task_template/', { source: 'portal', session_identifier: 's-1', data: { region: '杭州市' } });
    const { task } = await alice.ask('query ($id: ID!) { task(id: $id) { id state source sessionIdentifier owner { username } template } }', { id: body.data.task_id });
    expect(task).toMatchObject({ id: String(body.data.task_id), state: 'OFFERED', source: 'portal', sessionIdentifier: 's-1', owner: { username: 'alice' } });
    expect(task.template).toEqual({ source: 'portal', session_identifier: 's-1', data: { region: '杭州市' } });
  });

  test('reporting again keeps the resource and its id, whichever way it is reported', async () => {
    const idOf = async () => (await alice.ask('{ computingResources(first: 10) { totalCount nodes { id price } } }')).computingResources;
    await provider.interconnect('POST', 'computing_resources/', { computing_resources: [sampleReport({ price: 7 })] });
    const before = await idOf();
    await provider.ask(REPORT, { input: { reports: [sampleGraphReport({ price: 9 })] } });
    const after = await idOf();
    expect(before).toMatchObject({ totalCount: 1, nodes: [{ price: 7 }] });
    expect(after).toMatchObject({ totalCount: 1, nodes: [{ id: before.nodes[0].id, price: 9 }] });
  });
});
