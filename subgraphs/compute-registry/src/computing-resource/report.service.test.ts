import { caller } from '@hutong/common/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { identifier, report, SAMPLE, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await testRegistry();
  await registry.register([SAMPLE, identifier({ organization: '20087' })]);
});
afterAll(() => registry.stop());

const STATE = 'query ($id: ID!) { computingResource(id: $id) { id gpuModel gpuAvailable price networkPorts stale reportedAt identifier { value region { name } organization { code name } } history { totalCount nodes { gpuAvailable } } } }';
const LIST = '{ computingResources(first: 100) { totalCount nodes { id networkIps gpuAvailable } } }';

test('the sample of the contract comes back as it was sent', async () => {
  const stored = await registry.report([report()]);
  expect(stored.errors).toEqual([]);
  expect(stored.data.reportComputingResources).toMatchObject({ created: 1, updated: 0, late: 0 });
  const { data } = await registry.ask(STATE, { as: registry.member, variables: { id: '1' } });
  expect(data.computingResource).toMatchObject({
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
