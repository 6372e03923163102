import { afterAll, beforeAll, expect, test } from 'vitest';
import { report, SAMPLE, testRegistry, type TestRegistry } from '../testkit/test-registry.js';

let registry: TestRegistry;
let next = 0;
beforeAll(async () => {
  registry = await testRegistry();
  await registry.register([SAMPLE]);
});
afterAll(() => registry.stop());

const RESERVE = 'mutation ($input: ReserveInput!) { reserveComputingResource(input: $input) { key resourceId cpu gpu reservedAt } }';
const reserve = (resourceId: string, key: string, gpu = 1, cpu = 0) => registry.ask(RESERVE, { as: registry.member, origin: 'peer', variables: { input: { resourceId, key, cpu, gpu } } });
const release = (key: string) => registry.ask('mutation ($key: String!) { releaseReservation(key: $key) }', { as: registry.member, origin: 'peer', variables: { key } });
const confirm = (key: string) => registry.ask('mutation ($key: String!) { confirmReservation(key: $key) }', { as: registry.member, origin: 'peer', variables: { key } });
const held = async (id: string) => (await registry.ask('query ($id: ID!) { computingResource(id: $id) { reserved { cpu gpu } } }', { as: registry.member, variables: { id } })).data.computingResource.reserved;
const matches = async (minGpuAvailable: number, id: string): Promise<boolean> => {
  const { data } = await registry.ask('query ($gpu: Int) { matchComputingResources(requirements: { minGpuAvailable: $gpu }) { resources { id } } }', { as: registry.member, variables: { gpu: minGpuAvailable } });
  return data.matchComputingResources.resources.some((one: { id: string }) => one.id === id);
};

interface Resource {
  id: string;
  again: (different?: Record<string, unknown>) => Promise<void>;
}

async function resource(different: Record<string, unknown> = {}): Promise<Resource> {
  const one = { networkIps: `10.0.${next >> 8}.${next++ & 255}`, ...different };
  const again = async (more: Record<string, unknown> = {}) => {
    expect((await registry.report([report({ ...one, ...more })])).errors).toEqual([]);
  };
  await again();
  const { data } = await registry.ask('{ computingResources(first: 100) { nodes { id networkIps } } }', { as: registry.member });
  const { id } = data.computingResources.nodes.find(({ networkIps }: { networkIps: string }) => networkIps === one.networkIps);
  return { id, again };
}

test('of 50 who want the last GPU at once exactly one gets it', async () => {
  const { id } = await resource({ gpuAvailable: 1 });
  const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => reserve(id, `race-${n}`)));
  const codes = answers.map(({ errors }) => errors[0]?.extensions.code ?? 'won').toSorted();
  expect(codes).toEqual([...Array.from({ length: 49 }, () => 'NO_CAPACITY'), 'won'].toSorted());
  expect(await held(id)).toEqual({ cpu: 0, gpu: 1 });
});

test('the same key again, also at once, reserves nothing twice', async () => {
  const { id } = await resource({ gpuAvailable: 4 });
  const answers = await Promise.all(Array.from({ length: 10 }, () => reserve(id, 'same', 3, 2)));
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  expect(new Set(answers.map(({ data }) => data.reserveComputingResource.reservedAt)).size).toBe(1);
  expect(await held(id)).toEqual({ cpu: 2, gpu: 3 });
  expect((await reserve(id, 'same', 1)).errors[0]?.extensions.code).toBe('RESERVATION_KEY_TAKEN');
});

test('what is reserved is not offered, and is again when it is given back', async () => {
  const { id } = await resource({ gpuAvailable: 4 });
  expect(await matches(4, id)).toBe(true);
  await reserve(id, 'offered', 1);
  expect([await matches(4, id), await matches(3, id)]).toEqual([false, true]);
  expect((await release('offered')).data.releaseReservation).toBe(true);
  expect(await held(id)).toEqual({ cpu: 0, gpu: 0 });
  expect(await matches(4, id)).toBe(true);
  expect((await release('offered')).data.releaseReservation).toBe(true);
  expect(await held(id)).toEqual({ cpu: 0, gpu: 0 });
});

test('a key that was released reserves nothing again, even when its reservation arrives late', async () => {
  const { id } = await resource();
  await release('late');
  expect((await reserve(id, 'late')).errors[0]?.extensions.code).toBe('RESERVATION_RELEASED');
  await reserve(id, 'over');
  await release('over');
  expect((await reserve(id, 'over')).errors[0]?.extensions.code).toBe('RESERVATION_RELEASED');
  expect(await held(id)).toEqual({ cpu: 0, gpu: 0 });
});

test('a reservation counts until a report that was measured after its allocation', async () => {
  const { id, again } = await resource({ gpuAvailable: 4 });
  const now = () => registry.now().toISOString();
  await reserve(id, 'counted', 2, 1);
  expect((await confirm('counted')).data.confirmReservation).toBe(true);
  await again({ gpuAvailable: 4 });
  expect(await held(id), 'a report that says no time was measured a minute before it arrived').toEqual({ cpu: 1, gpu: 2 });
  expect((await reserve(id, 'too much', 3)).errors[0]?.extensions.code).toBe('NO_CAPACITY');
  registry.pass(5);
  await again({ gpuAvailable: 2, observedAt: now() });
  expect(await held(id)).toEqual({ cpu: 0, gpu: 0 });
  expect((await reserve(id, 'rest', 2)).errors).toEqual([]);
  await confirm('rest');
  await release('counted');
  expect(await held(id), 'the report knows of the released one, so nothing of the other is given back').toEqual({ cpu: 0, gpu: 2 });
  registry.pass(61);
  await again({ gpuAvailable: 0 });
  expect(await held(id)).toEqual({ cpu: 0, gpu: 0 });
});

test('a report that is measured while the provider is still allocating knows nothing of the reservation', async () => {
  const { id, again } = await resource({ gpuAvailable: 1 });
  await reserve(id, 'under way');
  registry.pass(5);
  await again({ gpuAvailable: 1, observedAt: registry.now().toISOString() });
  expect(await held(id)).toEqual({ cpu: 0, gpu: 1 });
  expect((await reserve(id, 'meanwhile')).errors[0]?.extensions.code).toBe('NO_CAPACITY');
  await confirm('under way');
  expect(await held(id), 'that report still does not know').toEqual({ cpu: 0, gpu: 1 });
  registry.pass(5);
  await again({ gpuAvailable: 0, observedAt: registry.now().toISOString() });
  expect(await held(id)).toEqual({ cpu: 0, gpu: 0 });
});

test('a report from a clock that is ahead knows nothing of reservations made after it arrived', async () => {
  const { id, again } = await resource({ gpuAvailable: 1 });
  await again({ gpuAvailable: 1, observedAt: new Date(registry.now().getTime() + 50_000).toISOString() });
  expect((await reserve(id, 'first')).errors).toEqual([]);
  await confirm('first');
  expect(await held(id)).toEqual({ cpu: 0, gpu: 1 });
  expect((await reserve(id, 'second')).errors[0]?.extensions.code).toBe('NO_CAPACITY');
});

test('a confirmation may be repeated; there is none of what was never reserved or was given back', async () => {
  const { id } = await resource();
  await reserve(id, 'confirmed');
  for (let n = 0; n < 2; n++) expect((await confirm('confirmed')).data.confirmReservation).toBe(true);
  await release('confirmed');
  expect((await confirm('confirmed')).errors[0]?.extensions.code).toBe('RESERVATION_RELEASED');
  await release('never made');
  expect((await confirm('never made')).errors[0]?.extensions.code).toBe('RESERVATION_RELEASED');
  expect((await confirm('unheard of')).errors[0]?.extensions.code).toBe('NOT_FOUND');
});

test('nothing can be reserved of any fresh resource, also of one with nothing left', async () => {
  const { id } = await resource({ gpuAvailable: 0, cpuAvailable: 0 });
  expect((await reserve(id, 'nothing', 0, 0)).errors).toEqual([]);
  expect((await reserve(id, 'a cpu', 0, 1)).errors[0]).toMatchObject({ message: expect.stringContaining('asked for 1 CPUs, 0 GPUs, free 0 CPUs, 0 GPUs') });
});

test('a stale resource is refused, also for nothing', async () => {
  const { id, again } = await resource();
  await reserve(id, 'while fresh', 1);
  registry.pass(901);
  expect((await reserve(id, 'stale', 0)).errors[0]?.extensions.code).toBe('RESOURCE_STALE');
  expect((await reserve(id, 'while fresh', 1)).errors, 'what was reserved before stays so').toEqual([]);
  await again();
  expect((await reserve(id, 'stale', 0)).errors).toEqual([]);
});

test('reports and reservations at once lose neither', async () => {
  const { id, again } = await resource({ gpuAvailable: 1_000 });
  const reservations = Array.from({ length: 30 }, (_, n) => reserve(id, `among reports ${n}`, 1));
  const reports = Array.from({ length: 10 }, () => again({ gpuAvailable: 1_000 }));
  const releases = reservations.slice(0, 10).map(async (reservation, n) => {
    await reservation;
    return release(`among reports ${n}`);
  });
  const answers = await Promise.all([...reservations, ...releases]);
  await Promise.all(reports);
  expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  expect(await held(id)).toEqual({ cpu: 0, gpu: 20 });
});

test.each([
  [{ resourceId: '999999', key: 'k', cpu: 0, gpu: 0 }, 'NOT_FOUND'],
  [{ resourceId: 'x', key: 'k', cpu: 0, gpu: 0 }, 'NOT_FOUND'],
  [{ resourceId: '1', key: '', cpu: 0, gpu: 0 }, 'BAD_INPUT'],
  [{ resourceId: '1', key: 'x'.repeat(201), cpu: 0, gpu: 0 }, 'BAD_INPUT'],
  [{ resourceId: '1', key: '\u0000', cpu: 0, gpu: 0 }, 'BAD_INPUT'],
  [{ resourceId: '1', key: 'k', cpu: -1, gpu: 0 }, 'BAD_INPUT'],
  [{ resourceId: '1', key: 'k', cpu: 0, gpu: 2_147_483_648 }, 'BAD_INPUT'],
])('%j is refused with %s', async (input, code) => {
  expect((await registry.ask(RESERVE, { as: registry.member, origin: 'peer', variables: { input } })).errors[0]?.extensions.code).toBe(code);
});

test('clients cannot reserve', async () => {
  expect((await registry.ask(RESERVE, { as: registry.admin, variables: { input: { resourceId: '1', key: 'k', cpu: 0, gpu: 0 } } })).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await registry.ask('mutation { releaseReservation(key: "k") }', { as: registry.admin })).errors[0]?.extensions.code).toBe('FORBIDDEN');
});
