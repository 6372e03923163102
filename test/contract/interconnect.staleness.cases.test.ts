import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { interconnectWorld, OK, RESOURCES, type InterconnectWorld } from '../testkit/interconnect.world.js';
import { sampleReport } from '../testkit/sample.js';

const STALE_SECONDS = 2;
const PATIENCE_MS = 20_000;

let world: InterconnectWorld;
beforeAll(async () => {
  world = await interconnectWorld({ environment: { COMPUTE_REGISTRY_STALE_SECONDS: String(STALE_SECONDS) } });
});
afterAll(() => world?.platform.dispose());

const isStale = async (id: number) => {
  const { computingResource } = await world.alice.ask('query ($id: ID!) { computingResource(id: $id) { stale } }', { id: String(id) });
  return computingResource.stale as boolean;
};

async function untilStale(id: number): Promise<void> {
  const deadline = Date.now() + PATIENCE_MS;
  while (!(await isStale(id))) {
    if (Date.now() > deadline) throw new Error(`resource ${id} is still fresh after ${PATIENCE_MS / 1000} s`);
    await delay(100);
  }
}

test('a resource that is not reported any more goes stale: still listed with that mark, never offered, never given; a report brings it back', { tags: ['interconnect/2/stale', 'interconnect/3/ever', 'interconnect/4/all-fresh', 'interconnect/5/stale', 'interconnect/0/conflict'] }, async () => {
  const { taskId, resourceId, model } = await world.offered({ gpu_available: 1, network_ips: '10.0.0.1' }, { gpu_available: 1 });
  expect(await isStale(resourceId)).toBe(false);
  await untilStale(resourceId);

  expect((await world.choose(taskId, resourceId)).body).toEqual({ code: 409, message: expect.any(String), data: {} });
  expect(await world.reserved(resourceId)).toEqual({ gpu: 0, cpu: 0 });
  expect(await world.submit({ gpu_model: model })).toMatchObject({ count: 0, results: [] });
  expect((await world.submit({})).results.map(({ id }) => id)).not.toContain(resourceId);

  const { computingResources } = await world.alice.ask('query ($model: String) { computingResources(filter: { gpuModel: $model }, first: 10) { nodes { id stale } } }', { model });
  expect(computingResources.nodes).toEqual([{ id: String(resourceId), stale: true }]);
  const zones = await world.alice.interconnect('GET', `${RESOURCES}?page=1&page_size=10&organization=20004`);
  expect(zones.body.data.count, 'its zone was reported once and stays listed').toBeGreaterThan(0);

  expect((await world.report(sampleReport({ gpu_model: model, network_ips: '10.0.0.1', gpu_available: 1 }))).body).toEqual(OK);
  const { results } = await world.submit({ gpu_model: model });
  expect(results.map(({ id }) => id)).toEqual([resourceId]);
  expect((await world.choose(taskId, resourceId)).body.code).toBe(0);
});

test('the list can be narrowed to what is stale, and to what is fresh', { tags: ['interconnect/2/stale'] }, async () => {
  const model = world.newModel();
  await world.report(sampleReport({ gpu_model: model, network_ips: '10.0.0.1' }));
  const [{ id }] = (await world.submit({ gpu_model: model })).results as [{ id: number }];
  await untilStale(id);
  await world.report(sampleReport({ gpu_model: model, network_ips: '10.0.0.2' }));
  const addresses = async (stale: boolean) => {
    const { computingResources } = await world.alice.ask('query ($filter: ResourceFilter) { computingResources(filter: $filter, first: 10) { nodes { networkIps } } }', { filter: { gpuModel: model, stale } });
    return computingResources.nodes.map(({ networkIps }: { networkIps: string }) => networkIps);
  };
  expect(await addresses(true)).toEqual(['10.0.0.1']);
  expect(await addresses(false)).toEqual(['10.0.0.2']);
});
